import type { ActionForm } from './administrator-text.ts'

/** Which of several things with an id somebody means. */
export type Meant<T> = { kind: 'one'; it: T } | NotMeant
/** `said` is untrusted. */
export type NotMeant = { kind: 'none'; said: string } | { kind: 'several'; said: string; ids: string[] }

/** What begins with `said`, where that fits one alone; a whole id is meant even if others begin with it. */
export function meantBy<T extends { id: string }>(known: readonly T[], said: string, atLeast = 1): Meant<T> {
  const near = said.length < atLeast ? [] : known.filter(each => each.id.startsWith(said))
  const it = known.find(each => each.id === said) ?? (near.length === 1 ? near[0] : undefined)
  if (it !== undefined) return { kind: 'one', it }
  return near.length === 0
    ? { kind: 'none', said }
    : { kind: 'several', said, ids: near.map(each => each.id) }
}

/** What the gate can be asked to do something with. */
export interface Subject {
  kind: 'experiment' | 'record' | 'release'
  id: string
}

const subjectsOf: Record<ActionForm, readonly Subject['kind'][]> = {
  promote: ['experiment'],
  quarantine: ['experiment'],
  reevaluate: ['record'],
  blacklist: ['experiment', 'record', 'release'],
  rollback: ['release'],
}

/** The subject of an action; `/part` behind what is to be blacklisted stays. */
export function subjectMeant(
  known: readonly Subject[],
  form: ActionForm,
  said: string,
  atLeast?: number,
): Meant<Subject> {
  const [id = '', ...part] = form === 'blacklist' ? said.split('/') : [said]
  const meant = meantBy(
    known.filter(each => subjectsOf[form].includes(each.kind)),
    id,
    atLeast,
  )
  return meant.kind === 'one'
    ? { kind: 'one', it: { ...meant.it, id: [meant.it.id, ...part].join('/') } }
    : meant
}

/** `experiment, record or release`. */
export function subjectWords(form: ActionForm): string {
  return subjectsOf[form].join(', ').replace(/, (\w+)$/, ' or $1')
}

const mostNamed = 5

/** Why nothing is meant, as a sentence without its full stop; `quoted` makes untrusted words fit to be shown. */
export function whyNone(meant: NotMeant, what: string, quoted: (text: string) => string): string {
  const { said } = meant
  if (said === '') return `an empty id names no ${what}`
  if (meant.kind === 'none') return `no ${what} begins with ${quoted(said)}`
  const named = meant.ids.slice(0, mostNamed).map(quoted).join(', ')
  const more = meant.ids.length - mostNamed
  return `${quoted(said)} may be ${named}${more > 0 ? ` and ${more} more` : ''}: write more of it`
}
