import { emit, emitThread } from './events.ts'
import { resolveCommit } from './git.ts'
import { anchorKey, hunkUpTo, lineMap, type Comparison } from './patches.ts'
import { renderPullSimple, renderReview, renderReviewComment } from './render-pull.ts'
import {
  nextId,
  nodeId,
  type Pull,
  type Review,
  type ReviewComment,
  type Side,
  type Thread,
  type User,
} from './state.ts'
import { compare, mergeBaseOf, pullComparison, unprocessable, type World } from './world.ts'

/** GitHub's limit for a body, in code points. */
const MAX_BODY = 65_536

export const checkBody = (body: string): void => {
  if (Array.from(body).length > MAX_BODY)
    throw unprocessable('Body is too long', [`Body is too long (maximum is ${MAX_BODY} characters)`])
}

export interface DraftComment {
  path: string
  body: string
  line?: number | undefined
  side?: Side | undefined
  start_line?: number | null | undefined
  start_side?: Side | undefined
  position?: number | undefined
}

interface Placed {
  draft: DraftComment
  side: Side
  line: number
  startSide: Side | null
  startLine: number | null
  position: number
  diffHunk: string
}

/** Where a draft comment stands in the diff, or GitHub's words for why it cannot. */
const place = (comparison: Comparison, draft: DraftComment): Placed | string => {
  const file = comparison.files.find(one => one.path === draft.path)
  const anchors = comparison.anchors(draft.path)
  if (file === undefined || anchors === null) return 'Path could not be resolved'
  if (draft.body.trim() === '') return 'Body can not be blank'
  let side: Side = draft.side ?? 'RIGHT'
  let line = draft.line
  if (line === undefined && draft.position !== undefined) {
    const found = [...anchors].findLast(([, anchor]) => anchor.position === draft.position)
    if (found === undefined) return 'Position could not be resolved'
    const [name, number] = found[0].split(':')
    side = name === 'LEFT' ? 'LEFT' : 'RIGHT'
    line = Number(number)
  }
  if (line === undefined) return 'Line could not be resolved'
  const anchor = anchors.get(anchorKey(side, line))
  if (anchor === undefined) return 'Line could not be resolved'
  const startLine = draft.start_line ?? null
  const startSide = startLine === null ? null : (draft.start_side ?? side)
  if (startLine !== null && startSide !== null) {
    const start = anchors.get(anchorKey(startSide, startLine))
    if (start === undefined) return 'Start line could not be resolved'
    if (startSide === side && startLine >= line) return 'Start line must precede the end line'
    if (start.hunk !== anchor.hunk) return 'Start line must be part of the same hunk as the line'
    if (start.index >= anchor.index) return 'Start line must precede the end line'
  }
  const diffHunk = hunkUpTo(file.patch ?? '', anchor)
  return { draft, side, line, startSide, startLine, position: anchor.position, diffHunk }
}

const addComment = (
  world: World,
  review: Review,
  thread: Thread | null,
  placed: Placed,
  sha: string,
): ReviewComment => {
  const { pull, author } = review
  const id = nextId(world.state)
  const owner: Thread = thread ?? { id, nodeId: nodeId('PRRT', id), pull, comments: [], resolvedBy: null }
  const comment: ReviewComment = {
    id: nextId(world.state),
    review,
    pull,
    thread: owner,
    author,
    body: placed.draft.body,
    path: placed.draft.path,
    side: placed.side,
    startSide: placed.startSide,
    line: placed.line,
    startLine: placed.startLine,
    originalLine: placed.line,
    originalStartLine: placed.startLine,
    position: placed.position,
    originalPosition: placed.position,
    commitId: sha,
    originalCommitId: sha,
    diffHunk: placed.diffHunk,
    inReplyTo: owner.comments[0]?.id ?? null,
    reactions: [],
    createdAt: world.now(),
    updatedAt: world.now(),
  }
  owner.comments.push(comment)
  if (thread === null) {
    pull.threads.push(owner)
    world.state.threads.set(owner.nodeId, owner)
  }
  pull.comments.push(comment)
  world.state.reviewComments.set(comment.id, comment)
  return comment
}

const STATES = { COMMENT: 'COMMENTED', APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED' } as const

/** Posts a review whole or not at all: one comment that cannot be placed refuses everything. */
export const createReview = async (
  world: World,
  pull: Pull,
  author: User,
  input: {
    commitId?: string | undefined
    body?: string | undefined
    event?: keyof typeof STATES | undefined
    comments?: readonly DraftComment[] | undefined
  },
): Promise<Review> => {
  const comments = input.comments ?? []
  const body = input.body ?? ''
  const sha = input.commitId ?? pull.head.sha
  if (!(await belongs(pull, sha))) throw unprocessable('', ['Commit is not part of the pull request'])
  if (input.event !== undefined && input.event !== 'APPROVE' && body === '' && comments.length === 0) {
    throw unprocessable('', ['Body can not be blank'])
  }
  if (input.event !== 'COMMENT' && input.event !== undefined && author.id === pull.author.id) {
    throw unprocessable('', [
      `Can not ${input.event === 'APPROVE' ? 'approve' : 'request changes on'} your own pull request`,
    ])
  }
  checkBody(body)
  for (const comment of comments) checkBody(comment.body)
  const comparison =
    sha === pull.head.sha
      ? await pullComparison(world, pull)
      : await compare(world, pull.repo, await mergeBaseOf(pull.repo, pull.mergeBase, sha), sha)
  const placed = comments.map(comment => place(comparison, comment))
  const refused = placed.filter(one => typeof one === 'string')
  if (refused.length > 0) throw unprocessable('', refused)
  const review: Review = {
    id: nextId(world.state),
    pull,
    author,
    body,
    state: input.event === undefined ? 'PENDING' : STATES[input.event],
    commitId: sha,
    submittedAt: world.now(),
  }
  pull.reviews.push(review)
  const added = placed
    .filter(one => typeof one !== 'string')
    .map(one => addComment(world, review, null, one, sha))
  if (sha !== pull.head.sha) await moveComments(world, pull, sha, null, added)
  pull.updatedAt = world.now()
  if (review.state !== 'PENDING') announce(world, review, added)
  return review
}

const belongs = async (pull: Pull, sha: string): Promise<boolean> => {
  if (sha === pull.head.sha) return true
  if (!/^[0-9a-f]{40}$/.test(sha) || (await resolveCommit(pull.repo.dir, sha)) === null) return false
  return mergeBaseOf(pull.repo, sha, pull.head.sha).then(
    base => base === sha,
    () => false,
  )
}

const announce = (world: World, review: Review, comments: readonly ReviewComment[]): void => {
  const { pull, author } = review
  emit(world, pull.repo, author, 'pull_request_review', {
    action: 'submitted',
    review: { ...renderReview(world, review), body: review.body || null, state: review.state.toLowerCase() },
    pull_request: renderPullSimple(world, pull),
  })
  for (const comment of comments) emitComment(world, comment, author, 'created')
}

export const emitComment = (world: World, comment: ReviewComment, sender: User, action: string): void =>
  emit(world, comment.pull.repo, sender, 'pull_request_review_comment', {
    action,
    comment: renderReviewComment(world, comment),
    pull_request: renderPullSimple(world, comment.pull),
  })

/** A single comment outside a review: GitHub wraps it into a review of its own. */
export const createReviewComment = async (
  world: World,
  pull: Pull,
  author: User,
  input: DraftComment & { commit_id: string },
): Promise<ReviewComment> => {
  const { commit_id: commitId, ...draft } = input
  const review = await createReview(world, pull, author, { commitId, event: 'COMMENT', comments: [draft] })
  const comment = pull.comments.find(one => one.review === review)
  if (comment === undefined) throw new Error('a review was made without its comment')
  return comment
}

/** Answers in the thread of `comment`, wherever in the thread that one stands. */
export const replyTo = (world: World, comment: ReviewComment, author: User, body: string): ReviewComment => {
  checkBody(body)
  if (body.trim() === '') throw unprocessable('', ['Body can not be blank'])
  const { pull, thread } = comment
  const review: Review = {
    id: nextId(world.state),
    pull,
    author,
    body: '',
    state: 'COMMENTED',
    commitId: pull.head.sha,
    submittedAt: world.now(),
  }
  pull.reviews.push(review)
  const root = thread.comments[0] ?? comment
  const reply = addComment(
    world,
    review,
    thread,
    {
      draft: { path: root.path, body },
      side: root.side,
      line: root.originalLine,
      startSide: root.startSide,
      startLine: root.originalStartLine,
      position: root.originalPosition,
      diffHunk: root.diffHunk,
    },
    root.originalCommitId,
  )
  Object.assign(reply, {
    line: root.line,
    startLine: root.startLine,
    position: root.position,
    commitId: root.commitId,
  })
  pull.updatedAt = world.now()
  announce(world, review, [reply])
  return reply
}

export const setResolved = (world: World, thread: Thread, by: User, resolved: boolean): void => {
  if ((thread.resolvedBy !== null) === resolved) return
  thread.resolvedBy = resolved ? by : null
  thread.pull.updatedAt = world.now()
  emitThread(world, thread, by, resolved ? 'resolved' : 'unresolved')
}

/**
 * After a push: each comment follows its line from `fromHead` (LEFT: from `fromBase`) to the pull request's
 * present commits. A line that was changed, or left the diff, makes its comment outdated for good.
 */
export const moveComments = async (
  world: World,
  pull: Pull,
  fromHead: string,
  fromBase: string | null,
  comments: readonly ReviewComment[] = pull.comments,
): Promise<void> => {
  const now = await pullComparison(world, pull)
  for (const comment of comments) {
    if (comment.line === null) continue
    const [from, to] =
      comment.side === 'LEFT' ? [fromBase ?? pull.mergeBase, pull.mergeBase] : [fromHead, pull.head.sha]
    const map = await lineMap(pull.repo.dir, from, to, comment.path)
    const line = map(comment.line)
    const anchor = line === null ? undefined : now.anchors(comment.path)?.get(anchorKey(comment.side, line))
    if (anchor === undefined) {
      Object.assign(comment, { line: null, startLine: null, position: null })
      continue
    }
    comment.startLine = comment.startLine === null ? null : map(comment.startLine)
    Object.assign(comment, { line, position: anchor.position, commitId: pull.head.sha })
  }
}
