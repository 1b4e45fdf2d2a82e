import type { CommandForm } from './command.ts'

export interface ListedExperiment {
  id: string
  name: string
  state: string
}

const mostListed = 50
/** Those on trial first, then what waits, then how the others ended. */
const order = ['active', 'paused', 'promoted', 'quarantined', 'inconclusive', 'stopped']

/** Markdown for `/cupel experiments`. */
export function renderExperiments(experiments: readonly ListedExperiment[]): string {
  if (experiments.length === 0) return 'There is no experiment.'
  const rank = ({ state }: ListedExperiment) => (order.includes(state) ? order.indexOf(state) : order.length)
  const sorted = experiments.toSorted((a, b) => rank(a) - rank(b)).slice(0, mostListed)
  const rows = sorted.map(
    ({ id, name, state }) => `| \`${plain(id)}\` | \`${plain(name)}\` | ${plain(state)} |`,
  )
  const more = experiments.length - sorted.length
  return [
    '| id | name | state |',
    '| --- | --- | --- |',
    ...rows,
    ...(more > 0 ? ['', `${more} more are left out; \`cupel experiment list\` shows all.`] : []),
  ].join('\n')
}

/** What stands in code spans and cells ends neither. */
function plain(text: string): string {
  return text.replaceAll(/[`|\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD').slice(0, 100)
}

/** The experiment that somebody means: its id, or the beginning of it where that fits one alone. */
export function experimentMeant(
  experiments: readonly ListedExperiment[],
  said: string,
): ListedExperiment | null {
  const exact = experiments.find(each => each.id === said)
  if (exact !== undefined) return exact
  const near = said.length < 6 ? [] : experiments.filter(each => each.id.startsWith(said))
  return near.length === 1 ? (near[0] ?? null) : null
}

/** Markdown for an experiment that nobody knows. */
export function renderNoExperiment(said: string): string {
  return `There is no experiment \`${plain(said)}\`, or more than one begins so. \`/cupel experiments\` lists them. Nothing was done.`
}

export type ActionForm = 'promote' | 'quarantine' | 'reevaluate' | 'blacklist' | 'rollback'

/** What the gate will do when it is asked, and what it will not. `of` names the subject after a blank; '' for none. */
export function actionWords(form: ActionForm, of: string): string {
  const meant: Record<ActionForm, string> = {
    promote: `The gate is asked to decide on${of} now. It promotes what is proven and nothing else: what is missing, \`cupel gate show\` says.`,
    quarantine: `The gate is asked to put${of} into quarantine.`,
    reevaluate: `The gate is asked to try the quarantined configuration of${of} again. It refuses before the cool-down is over, and what is blacklisted.`,
    blacklist: `The gate is asked to blacklist${of} for good. What is in force is refused: \`/cupel rollback\` comes first.`,
    rollback: `The gate is asked to take${of || ' the release in force'} back. Its open comments will be folded.`,
  }
  return meant[form]
}

/** Markdown for an action that the gate was asked for. */
export function renderRequested(
  form: ActionForm,
  subject: string | null,
  web: { commentId: number },
): string {
  const of = subject === null ? '' : ` \`${plain(subject)}\``
  return `${actionWords(form, of)} The request is \`comment:${web.commentId}\`, audited with your login.`
}

/** Whether a command is one that the gate carries out. */
export function isAction(form: CommandForm): form is ActionForm {
  return ['promote', 'quarantine', 'reevaluate', 'blacklist', 'rollback'].includes(form)
}
