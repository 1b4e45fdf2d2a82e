import { didYouMean } from './did-you-mean.ts'

/** The code host's word on what somebody may do, least first. */
export const permissions = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const
export type Permission = (typeof permissions)[number]
/** Somebody named in CUPEL_ADMINS; what they may do in the repository does not matter. */
export type Need = Permission | 'administrator'

/** What follows a command: `!` must be there. An id has no white space; a reason is the rest of the line. */
export type Takes = 'id! reason!' | 'id! reason' | 'reason'

/**
 * The commands, who may give them and what they do: the parser, the help and the refusals read this table.
 * What spends money or changes state needs write access, also for the author of the pull request, who may be
 * anybody. The others make Cupel write a comment, which outsiders could do without end: triage, or the author. What
 * touches Cupel itself is for its administrators alone.
 */
export const commandTable = [
  { form: 'review', needs: 'write', author: false, does: 'reviews what changed since the last review' },
  { form: 'review full', needs: 'write', author: false, does: 'reviews the whole pull request again' },
  { form: 'pause', needs: 'write', author: false, does: 'stops automatic reviews of this pull request' },
  { form: 'resume', needs: 'write', author: false, does: 'begins them again' },
  {
    form: 'resolve',
    needs: 'write',
    author: false,
    does: 'resolves every open thread that Cupel began here',
  },
  {
    form: 'explain',
    needs: 'triage',
    author: true,
    does: "in a finding's thread: says why it was raised, by what and with what confidence",
  },
  { form: 'config', needs: 'triage', author: true, does: 'shows the configuration in force' },
  { form: 'help', needs: 'triage', author: true, does: 'shows this table' },
  {
    form: 'experiments',
    needs: 'administrator',
    author: false,
    does: 'lists the experiments: id, name and state',
  },
  {
    form: 'promote',
    takes: 'id! reason',
    needs: 'administrator',
    author: false,
    does: 'has the gate decide on an experiment now; it never promotes what is not proven',
  },
  {
    form: 'quarantine',
    takes: 'id! reason!',
    needs: 'administrator',
    author: false,
    does: 'ends an experiment and archives it',
  },
  {
    form: 'reevaluate',
    takes: 'id! reason!',
    needs: 'administrator',
    author: false,
    does: 'tries the configuration of a quarantine record again',
  },
  {
    form: 'blacklist',
    takes: 'id! reason!',
    needs: 'administrator',
    author: false,
    does: 'blacklists the configuration of an experiment, record or release, or `ID/model`, `ID/prompt` …, for good',
  },
  {
    form: 'rollback',
    takes: 'reason',
    needs: 'administrator',
    author: false,
    does: 'takes the release in force back',
  },
] as const satisfies readonly {
  form: string
  takes?: Takes
  needs: Need
  author: boolean
  does: string
}[]

export type CommandForm = (typeof commandTable)[number]['form']
export type Command = { kind: 'command'; form: CommandForm; subject?: string; reason?: string }
export type ParsedCommand =
  | Command
  | { kind: 'none' }
  /** A command that lacks its id or its reason, or has an id that is none. */
  | { kind: 'incomplete'; form: CommandForm }
  /** `said` is what followed `/cupel`, untrusted, at most 80 characters; `suggestion` a form that is near. */
  | { kind: 'unknown'; said: string; suggestion: CommandForm | null }

/** GitHub's own limit on a comment; nothing behind it is looked at. */
const longestBody = 262_144

/**
 * The first command of a comment: a line that is nothing but `/cupel` and a form, in any case. Lines in code
 * fences, indented code, quotes and HTML comments are not commands. `/cupel` alone asks for help.
 */
export function parseCommand(body: string): ParsedCommand {
  for (const line of spokenLines(body.slice(0, longestBody))) {
    const match = /^ {0,3}\/cupel(?:[ \t]+(.*))?$/i.exec(line.trimEnd())
    if (!match) continue
    const said = (match[1] ?? 'help')
      .trim()
      .split(/[ \t]+/)
      .join(' ')
    const forms: readonly CommandForm[] = commandTable.map(row => row.form)
    const form = forms.find(one => one === said.toLowerCase())
    if (form && takesOf(form) === null) return { kind: 'command', form }
    const [word = '', ...rest] = said.split(' ')
    const withWords = forms.find(one => one === word.toLowerCase())
    const takes = withWords && takesOf(withWords)
    if (withWords && takes) return readWords(withWords, takes, rest)
    const suggestion = didYouMean(said, forms) ?? didYouMean(said.split(' ')[0] ?? '', forms)
    return {
      kind: 'unknown',
      said: said.slice(0, 80),
      suggestion: forms.find(one => one === suggestion) ?? null,
    }
  }
  return { kind: 'none' }
}

const idPattern = /^[\w.:/@+-]{1,200}$/
const longestReason = 1_000

function takesOf(form: CommandForm): Takes | null {
  const row = commandTable.find(one => one.form === form)
  return row && 'takes' in row ? row.takes : null
}

function readWords(form: CommandForm, takes: Takes, words: readonly string[]): ParsedCommand {
  const [subject, ...after] = takes === 'reason' ? [undefined, ...words] : words
  const reason = after.join(' ').slice(0, longestReason)
  if (takes !== 'reason' && (subject === undefined || !idPattern.test(subject)))
    return { kind: 'incomplete', form }
  if (takes === 'id! reason!' && reason === '') return { kind: 'incomplete', form }
  return {
    kind: 'command',
    form,
    ...(subject !== undefined && { subject }),
    ...(reason !== '' && { reason }),
  }
}

/** A form with what follows it: `quarantine ID REASON`; what may be left out stands in brackets. */
export function usageOf(form: CommandForm): string {
  const words: Record<Takes, string> = {
    'id! reason!': ' ID REASON',
    'id! reason': ' ID [REASON]',
    reason: ' [REASON]',
  }
  const takes = takesOf(form)
  return takes === null ? form : `${form}${words[takes]}`
}

/** The lines that a reader sees as somebody's own plain words. */
function* spokenLines(body: string): Generator<string> {
  let fence: { mark: string; length: number } | null = null
  let hidden = false
  for (const raw of body.split(/\r\n|\n|\r/)) {
    if (fence) {
      const closing: RegExpExecArray | null = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(raw)
      const run: string = closing?.[1] ?? ''
      if (run.startsWith(fence.mark) && run.length >= fence.length) fence = null
      continue
    }
    const shown = withoutComments(raw, hidden)
    hidden = shown.hidden
    const opening = shown.touched ? null : /^ {0,3}(`{3,}|~{3,})/.exec(shown.text)
    if (opening?.[1]) {
      fence = { mark: opening[1].charAt(0), length: opening[1].length }
      continue
    }
    // A line that shares its text with an HTML comment is not wholly the command.
    if (shown.touched || /^ {0,3}>/.test(shown.text)) continue
    yield shown.text
  }
}

function withoutComments(line: string, hidden: boolean): { text: string; hidden: boolean; touched: boolean } {
  let inside = hidden
  let at = 0
  let touched = hidden
  for (;;) {
    const next = line.indexOf(inside ? '-->' : '<!--', at)
    if (next < 0) return { text: line, hidden: inside, touched }
    touched = true
    at = next + (inside ? 3 : 4)
    inside = !inside
  }
}

export type Authorisation =
  | { kind: 'allowed' }
  /** `silent`: answer by a reaction only, so that outsiders cannot make Cupel write. */
  | { kind: 'refused'; needs: Need; silent: boolean }

export interface Commander {
  permission: Permission
  isAuthor: boolean
  /** Named in CUPEL_ADMINS. */
  administrator: boolean
}

/**
 * Whether somebody may give a command. `permission` is what the code host's API says at execution; the
 * association that a webhook claims is not enough. 'none' also stands for "could not be asked": refused.
 */
export function authorise(form: CommandForm, who: Commander): Authorisation {
  const row = commandTable.find(one => one.form === form)
  if (!row) return { kind: 'refused', needs: 'admin', silent: true }
  const may = row.needs === 'administrator' ? who.administrator : atLeast(who.permission, row.needs)
  if (may || (row.author && who.isAuthor)) return { kind: 'allowed' }
  return { kind: 'refused', needs: row.needs, silent: !mayBeAnswered(who) }
}

/** Whether Cupel writes to somebody who gave a wrong command: the same people who may ask for help. */
export function mayBeAnswered(who: Commander): boolean {
  return who.isAuthor || who.administrator || atLeast(who.permission, 'triage')
}

function atLeast(has: Permission, needs: Permission): boolean {
  return permissions.indexOf(has) >= permissions.indexOf(needs)
}
