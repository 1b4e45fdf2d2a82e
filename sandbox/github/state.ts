import { randomBytes } from 'node:crypto'

export type Side = 'LEFT' | 'RIGHT'
export type Permission = 'admin' | 'maintain' | 'write' | 'triage' | 'read'
export type Access = Record<string, 'read' | 'write'>

export interface User {
  id: number
  login: string
  type: 'User' | 'Bot' | 'Organization'
  token: string
  createdAt: Date
  /** The account is gone; what it wrote stays, by "ghost". */
  deleted?: boolean
  /** Of an organisation: who belongs to it, and what that allows in each of its repositories. */
  members?: Map<string, Permission>
  /** Its teams by slug: logins in lower case. */
  teams?: Map<string, Set<string>>
}

export interface Repository {
  id: number
  owner: User
  name: string
  private: boolean
  defaultBranch: string
  /** The bare repository's folder. */
  dir: string
  forkOf: Repository | null
  collaborators: Map<string, Permission>
  pulls: Map<number, Pull>
  checks: CheckRun[]
  lastNumber: number
  createdAt: Date
  pushedAt: Date
}

export interface Label {
  id: number
  name: string
}

export interface Pull {
  id: number
  number: number
  repo: Repository
  title: string
  body: string | null
  author: User
  state: 'open' | 'closed'
  draft: boolean
  base: { ref: string; sha: string }
  head: { repo: Repository; ref: string; sha: string }
  /** What GitHub compares the head with. */
  mergeBase: string
  labels: Label[]
  reviews: Review[]
  comments: ReviewComment[]
  threads: Thread[]
  conversation: IssueComment[]
  createdAt: Date
  updatedAt: Date
  closedAt: Date | null
  merged: { at: Date; by: User; sha: string } | null
}

export interface Review {
  id: number
  pull: Pull
  author: User
  body: string
  state: 'COMMENTED' | 'APPROVED' | 'CHANGES_REQUESTED' | 'PENDING'
  commitId: string
  submittedAt: Date
}

export interface Reaction {
  id: number
  user: User
  content: string
  createdAt: Date
}

export interface ReviewComment {
  id: number
  review: Review
  pull: Pull
  thread: Thread
  author: User
  body: string
  path: string
  side: Side
  startSide: Side | null
  /** Where the line stands now; null once outdated. */
  line: number | null
  startLine: number | null
  originalLine: number
  originalStartLine: number | null
  position: number | null
  originalPosition: number
  commitId: string
  originalCommitId: string
  diffHunk: string
  inReplyTo: number | null
  reactions: Reaction[]
  /** Why it is hidden; absent when it is not. */
  minimised?: string
  createdAt: Date
  updatedAt: Date
}

export interface Thread {
  id: number
  nodeId: string
  pull: Pull
  comments: ReviewComment[]
  resolvedBy: User | null
}

export interface IssueComment {
  id: number
  pull: Pull
  author: User
  body: string
  reactions: Reaction[]
  minimised?: string
  createdAt: Date
  updatedAt: Date
}

export interface Annotation {
  path: string
  start_line: number
  end_line: number
  start_column?: number | null
  end_column?: number | null
  annotation_level: string
  title?: string | null
  message: string
  raw_details?: string | null
}

export interface CheckRun {
  id: number
  repo: Repository
  name: string
  headSha: string
  status: string
  conclusion: string | null
  externalId: string
  detailsUrl: string | null
  startedAt: string
  completedAt: string | null
  output: { title: string | null; summary: string | null; text: string | null; annotations: Annotation[] }
}

export interface Installation {
  id: number
  account: User
  repositoryIds: Set<number>
  permissions: Access
  createdAt: Date
  suspended: { at: Date; by: User } | null
}

export interface InstallationToken {
  installation: Installation
  permissions: Access
  /** Null: every repository of the installation. */
  repositoryIds: Set<number> | null
  expiresAt: number
}

export interface State {
  users: Map<string, User>
  userTokens: Map<string, User>
  repositories: Map<string, Repository>
  installations: Map<number, Installation>
  tokens: Map<string, InstallationToken>
  threads: Map<string, Thread>
  reviewComments: Map<number, ReviewComment>
  issueComments: Map<number, IssueComment>
  checks: Map<number, CheckRun>
  lastId: number
}

export const emptyState = (): State => ({
  users: new Map(),
  userTokens: new Map(),
  repositories: new Map(),
  installations: new Map(),
  tokens: new Map(),
  threads: new Map(),
  reviewComments: new Map(),
  issueComments: new Map(),
  checks: new Map(),
  lastId: 1000,
})

/** One sequence for everything: an id of one kind taken for another is then always a miss. */
export const nextId = (state: State): number => ++state.lastId

/** GitHub compares names without regard to case. */
export const keyOf = (...names: string[]): string => names.join('/').toLowerCase()

export const addUser = (state: State, login: string, type: User['type'], now: Date): User => {
  const known = state.users.get(keyOf(login))
  if (known !== undefined) return known
  const user: User = {
    id: nextId(state),
    login,
    type,
    token: `ghp_${randomBytes(18).toString('hex')}`,
    createdAt: now,
  }
  state.users.set(keyOf(login), user)
  state.userTokens.set(user.token, user)
  return user
}

const RANKS: readonly Permission[] = ['admin', 'maintain', 'write', 'triage', 'read']

/** What a user may do in a repository; null when the repository is private and not theirs. */
export const permissionOf = (repo: Repository, login: string): Permission | null => {
  if (keyOf(repo.owner.login) === keyOf(login)) return 'admin'
  const roles = [repo.collaborators.get(keyOf(login)), repo.owner.members?.get(keyOf(login))]
  return RANKS.find(rank => roles.includes(rank)) ?? (repo.private ? null : 'read')
}

/** Opaque to clients; the kind in front keeps ids of different kinds apart, as GitHub's do. */
export const nodeId = (kind: string, id: number): string =>
  `${kind}_${Buffer.from(`0:${kind}:${id}`).toString('base64url')}`

export const installationOf = (state: State, repo: Repository): Installation | undefined =>
  [...state.installations.values()].find(installation => installation.repositoryIds.has(repo.id))
