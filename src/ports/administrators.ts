import type { ListedExperiment } from '../core/administrator-text.ts'

/** Who the code host says somebody is. */
export interface Directory {
  /** Numeric id of an account; null when there is none of that name. */
  user(login: string): Promise<number | null>
  /** Numeric ids of a team's members, at most 1,000; null when the App cannot see such a team. */
  team(organisation: string, slug: string): Promise<number[] | null>
}

/** Those named in CUPEL_ADMINS, by numeric id: a login can pass to somebody else. */
export interface Administrators {
  has(userId: number): boolean
  /** Asks the code host again. What cannot be read is logged and keeps what was known: members of teams for an hour. */
  refresh(): Promise<void>
}

/** What administrators ask of the gate; only doors. */
export interface ActionRequests {
  /** Asking twice under one key is asking once. */
  request(action: {
    key: string
    kind: 'promote' | 'quarantine' | 'reevaluate' | 'blacklist' | 'rollback'
    /** Null: the release in force. */
    subject: string | null
    reason: string
    actor: string
  }): Promise<void>
  /** Id, name and state: all that production may know of experiments. */
  experiments(): Promise<ListedExperiment[]>
}
