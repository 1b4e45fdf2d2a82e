import type { CommandForm } from './command.ts'
import { subjectWords, whyNone, type NotMeant } from './meant.ts'
import { sanitiseLine } from './review/sanitise.ts'
import type { OutputPlace } from './review/sanitise-text.ts'

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

/** A word of a reason whose id was left out should not be taken for the beginning of one. */
export const shortestBeginning = 6

/** Markdown for an id that names nothing, or more than one. */
export function renderNotMeant(meant: NotMeant, form: ActionForm): string {
  const why = whyNone(meant, subjectWords(form), text => `\`${plain(text)}\``)
  const hint =
    meant.kind === 'several'
      ? ''
      : ` An id may be cut to ${shortestBeginning} characters while one fits; \`/cupel experiments\` and \`cupel quarantine list\` show them.`
  return `${why.charAt(0).toUpperCase()}${why.slice(1)}.${hint} Nothing was done.`
}

export type ActionForm = 'promote' | 'quarantine' | 'reevaluate' | 'blacklist' | 'rollback'

/** What the gate will do when it is asked, and what it will not. `of` names the subject after a blank; '' for none. */
export function actionWords(form: ActionForm, of: string): string {
  const meant: Record<ActionForm, string> = {
    promote: `The gate is asked to decide on${of} now. It promotes what is proven and nothing else.`,
    quarantine: `The gate is asked to put${of} into quarantine.`,
    reevaluate: `The gate is asked to try the quarantined configuration of${of} again. It refuses before the cool-down is over, and what is blacklisted.`,
    blacklist: `The gate is asked to blacklist${of} for good. What is in force is refused: \`/cupel rollback\` comes first.`,
    rollback: `The gate is asked to take${of || ' the release in force'} back. Its open comments will be folded.`,
  }
  return meant[form]
}

/** Hidden in the one comment that acknowledges a request and then becomes its answer. */
export function answerMark(actionId: string): string {
  return `<!-- cupel:answer:${actionId} -->`
}

/** Markdown for an action that the gate was asked for. */
export function renderRequested(form: ActionForm, subject: string | null, actionId: string): string {
  const of = subject === null ? '' : ` \`${plain(subject)}\``
  return `${actionWords(form, of)} Its answer will stand here. The request is \`${plain(actionId)}\`, audited with your login.\n\n${answerMark(actionId)}`
}

const longestOutcome = 4_000

/** Markdown for what the gate made of a request: its words may hold what people and models wrote. */
export function renderAnswered(
  asked: { form: ActionForm; subject: string | null; actionId: string },
  answer: { state: 'done' | 'refused'; outcome: string },
  place: OutputPlace,
): string {
  const { form, subject, actionId } = asked
  const command = `\`/cupel ${form}${subject === null ? '' : ` ${plain(subject)}`}\``
  return [
    `The gate ${answer.state === 'done' ? 'has answered' : 'refused'} ${command}:`,
    sanitiseLine(answer.outcome, place, longestOutcome),
    `The request was \`${plain(actionId)}\`.`,
    answerMark(actionId),
  ].join('\n\n')
}

/** Whether a command is one that the gate carries out. */
export function isAction(form: CommandForm): form is ActionForm {
  return ['promote', 'quarantine', 'reevaluate', 'blacklist', 'rollback'].includes(form)
}
