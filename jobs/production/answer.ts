import { answerMark, renderAnswered, renderRequested } from '../../src/core/administrator-text.ts'
import { asFault } from '../../src/core/fault.ts'
import type { AskedByComment, DueAnswer } from '../../src/ports/administrators.ts'
import type { ProductionDeps } from './deps.ts'

/** Few enough that reviews keep nearly all of an installation's limit. */
const MOST_A_TURN = 20
/** After so long what was taken and not brought to an end is taken again. */
const RETRY_MS = 5 * 60_000
/** The queue tries the command itself for a quarter of an hour; then whoever posts the answer does without acknowledgement. */
const UNACKNOWLEDGED_MS = 30 * 60_000
const GIVE_UP_MS = 7 * 86_400_000

type AnswerDeps = Pick<ProductionDeps, 'answers' | 'writer' | 'clock' | 'log' | 'webUrl'>

/** Says that the gate was asked, in the comment that will become its answer: once, and never over the answer. */
export async function acknowledge(deps: AnswerDeps, asked: AskedByComment): Promise<void> {
  const { actionId, ref, threadId, form, subject } = asked
  const now = deps.clock.now()
  const known = await deps.answers.expect(asked, new Date(now.getTime() + UNACKNOWLEDGED_MS))
  if (known !== 'new') return
  const { commentId } =
    (await deps.writer.findComment(ref, threadId, answerMark(actionId))) ??
    (await post(deps, asked, renderRequested(form, subject, actionId)))
  await deps.answers.acknowledged(actionId, commentId, deps.clock.now())
}

/** One turn: writes what the gate answered into the comments that acknowledged the requests. Answers how many were due. */
export async function postAnswers(deps: AnswerDeps, signal: AbortSignal): Promise<number> {
  const now = deps.clock.now()
  const due = await deps.answers.take(now, new Date(now.getTime() + RETRY_MS), MOST_A_TURN)
  for (const answer of due) {
    if (signal.aborted) break
    const { actionId } = answer
    try {
      await put(deps, answer)
      await deps.answers.finish(actionId, 'posted')
      deps.log.info({ action: actionId }, 'the gate’s answer was posted')
    } catch (error) {
      await setAside(deps, answer, error)
    }
  }
  return due.length
}

/** Writing the same into the same comment twice is writing it once; without a comment one is looked for before one is made. */
async function put(deps: AnswerDeps, answer: DueAnswer): Promise<void> {
  const { actionId, ref, threadId } = answer
  const place = { owner: ref.owner, name: ref.repo, webUrl: deps.webUrl }
  const body = renderAnswered(answer, answer, place)
  const commentId =
    answer.commentId ?? (await deps.writer.findComment(ref, threadId, answerMark(actionId)))?.commentId
  if (commentId === undefined) return void (await post(deps, answer, body))
  const kind = threadId === null ? 'issue-comment' : 'review-comment'
  await deps.writer.rewriteComment(ref, { kind, id: commentId }, body)
}

function post(
  deps: AnswerDeps,
  { ref, threadId }: AskedByComment,
  body: string,
): Promise<{ commentId: number }> {
  return threadId === null ? deps.writer.comment(ref, body) : deps.writer.replyInThread(ref, threadId, body)
}

async function setAside(
  deps: AnswerDeps,
  { actionId, answeredAt }: DueAnswer,
  error: unknown,
): Promise<void> {
  const fault = asFault(error)
  // Nothing else will do better while the database does not answer.
  if (fault.code === 'database-unavailable') throw fault
  // A refused token is the App's trouble, not this comment's. What else repeating cannot help: the comment, the pull request,
  // the repository or the installation is gone or closed to Cupel.
  const gone = fault.retry === 'never' && fault.code !== 'github-unauthorized'
  const late = deps.clock.now().getTime() - answeredAt.getTime() > GIVE_UP_MS
  const fields = { action: actionId, err: fault }
  if (gone || late) {
    deps.log.warn(fields, 'an answer of the gate is given up: where it was asked for cannot be reached')
    return deps.answers.finish(actionId, `given up: ${fault.code}: ${fault.message}`)
  }
  deps.log.warn(fields, 'an answer of the gate could not be posted; it is tried again')
  if (fault.retryAt) await deps.answers.putOff(actionId, fault.retryAt)
}
