import { asFault } from '../../src/core/fault.ts'
import { compareReactions, standing, standingOf, type Standing } from '../../src/core/feedback.ts'
import { isOver, looksAtAll, pollAfterMs } from '../../src/core/feedback-polls.ts'
import { readFindingMarker } from '../../src/core/review/rounds.ts'
import type { Followed, ListedComment, NewSignal } from '../../src/ports/feedback.ts'
import type { ProductionDeps } from './deps.ts'
import { placeOf, recordSignals } from './feedback.ts'

/** Few enough that reviews keep nearly all of an installation's limit. */
const MOST_A_TURN = 20
/** After so long what was taken and not brought to an end is taken again. */
const RETRY_MS = 10 * 60_000

type PollDeps = Pick<
  ProductionDeps,
  'followed' | 'reactions' | 'reader' | 'feedback' | 'labels' | 'samples' | 'clock' | 'metrics' | 'log'
>

/** One turn: looks at the reactions on pull requests that are due. No webhook tells of them. Answers how many. */
export async function pollReactions(deps: PollDeps, signal?: AbortSignal): Promise<number> {
  const now = deps.clock.now()
  const due = await deps.followed.take(now, new Date(now.getTime() + RETRY_MS), MOST_A_TURN)
  for (const each of due) {
    if (signal?.aborted) break
    await poll(deps, each, now).catch((error: unknown) => setAside(deps, each, error))
  }
  return due.length
}

async function setAside(deps: PollDeps, { ref }: Followed, error: unknown): Promise<void> {
  const fault = asFault(error)
  // The repository, the pull request or the installation is gone.
  if (fault.code === 'github-not-found') return deps.followed.unfollow(ref)
  deps.log.warn({ ...ref, err: fault }, 'reactions could not be read; they are looked at again later')
  if (fault.retryAt) await deps.followed.putOff(ref, fault.retryAt)
}

async function poll(deps: PollDeps, followed: Followed, now: Date): Promise<void> {
  const { ref, polls, rollups: before } = followed
  const { repositoryId, number } = ref
  const comments = (await deps.reactions.comments(ref)).filter(isOfInterest)
  const marked = comments.flatMap(({ id, own, body }) => {
    const marker = own ? readFindingMarker(body) : null
    return marker ? [{ commentId: id, fingerprint: marker.fingerprint }] : []
  })
  const changed = comments.filter(
    ({ id, rollup }) => rollup !== (before[id] ?? '') || (looksAtAll(polls) && rollup !== ''),
  )
  if (changed.length > 0) {
    await deps.feedback.tie(repositoryId, number, marked)
    await recordSignals(
      deps,
      ref,
      await changes(deps, followed, changed, new Map(marked.map(each => [each.commentId, each.fingerprint]))),
    )
  }
  if (isOver(followed.closedAt, now)) return deps.followed.unfollow(ref)
  const rollups = Object.fromEntries(comments.flatMap(({ id, rollup }) => (rollup ? [[id, rollup]] : [])))
  const nextAt = new Date(now.getTime() + pollAfterMs(polls + 1))
  await deps.followed.polled(ref, rollups, polls + 1, nextAt)
}

/** Findings, and what people remarked themselves: agreement with that counts too. */
function isOfInterest(comment: ListedComment): boolean {
  if (comment.inReplyTo !== null) return false
  return comment.own ? readFindingMarker(comment.body) !== null : comment.author?.bot === false
}

async function changes(
  deps: PollDeps,
  { ref, authorId }: Followed,
  changed: readonly ListedComment[],
  fingerprints: ReadonlyMap<number, string>,
): Promise<NewSignal[]> {
  const { repositoryId, number } = ref
  const seen = await deps.reactions.reactions(ref, changed)
  const [recorded, posted] = await Promise.all([
    deps.feedback.of(repositoryId, number),
    deps.feedback.posted(repositoryId, number),
  ])
  const { added, removed } = compareReactions(
    recorded,
    seen.map(({ userId, at, ...reaction }) => ({ ...reaction, authorId: userId, givenAt: at })),
    new Set(changed.map(({ id }) => id)),
  )
  const places = new Map(posted.map(each => [each.finding.fingerprint, placeOf(each)]))
  const remarks = new Map(standing(recorded).map(({ commentId, place }) => [commentId, place]))
  const standings = new Map<number, Standing>()
  const signals: NewSignal[] = removed.map(({ id: _, ...signal }) => ({
    ...signal,
    repositoryId,
    number,
    removed: true,
  }))
  for (const { commentId, authorId: userId, login, content, givenAt } of added) {
    const known = standings.get(userId)
    const isAuthor = userId === authorId
    const who =
      known ??
      standingOf({ isAuthor, bot: false }, isAuthor ? 'none' : await deps.reader.permission(ref, login))
    standings.set(userId, who)
    const fingerprint = fingerprints.get(commentId) ?? null
    signals.push({
      repositoryId,
      number,
      kind: 'reaction',
      commentId,
      fingerprint,
      authorId: userId,
      authorLogin: login,
      standing: who,
      content,
      place: (fingerprint === null ? remarks.get(commentId) : places.get(fingerprint)) ?? null,
      removed: false,
      givenAt,
    })
  }
  return signals
}
