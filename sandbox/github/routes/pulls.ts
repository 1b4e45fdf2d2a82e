import { fullPull } from '../events.ts'
import {
  created,
  noContent,
  ok,
  page,
  pullOf,
  repositoryOf,
  text,
  writerOf,
  type Call,
  type Route,
} from '../http.ts'
import type { ChangedFile } from '../patches.ts'
import { api, repoPath } from '../render.ts'
import { renderCommentOfReview, renderPullSimple, renderReview, renderReviewComment } from '../render-pull.ts'
import {
  createReview,
  createReviewComment,
  checkBody,
  emitComment,
  replyTo,
  type DraftComment,
} from '../reviews.ts'
import { keyOf, type Repository, type Review, type ReviewComment } from '../state.ts'
import { forbidden, notFound, pullComparison, Refusal, unprocessable, type World } from '../world.ts'

/** GitHub's limits. */
const MAX_LISTED_FILES = 3_000
const MAX_DIFF_FILES = 300

export const renderFile = (world: World, repo: Repository, head: string, file: ChangedFile) => {
  const name = encodeURIComponent(file.path)
  return {
    sha: file.blobSha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: api(world, `/${repo.owner.login}/${repo.name}/blob/${head}/${name}`),
    raw_url: api(world, `/${repo.owner.login}/${repo.name}/raw/${head}/${name}`),
    contents_url: api(world, `${repoPath(repo)}/contents/${name}?ref=${head}`),
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  }
}

const READ = 'pull_requests:read'
const WRITE = 'pull_requests:write'

const reviewIn = (call: Call): Review => {
  const review = pullOf(call, READ).reviews.find(one => one.id === Number(call.params['review_id']))
  if (review === undefined) throw notFound()
  return review
}

const commentIn = (call: Call, need: typeof READ | typeof WRITE): ReviewComment => {
  const repo = repositoryOf(call, need)
  const comment = call.world.state.reviewComments.get(Number(call.params['comment_id']))
  if (comment === undefined || comment.pull.repo !== repo) throw notFound()
  return comment
}

const pullDiff = async (call: Call) => {
  const pull = pullOf(call, READ)
  if (call.media !== 'diff') return ok(await fullPull(call.world, pull))
  const { files, diff } = await pullComparison(call.world, pull)
  if (files.length > MAX_DIFF_FILES) {
    throw new Refusal(
      406,
      `Sorry, the diff exceeded the maximum number of files (${MAX_DIFF_FILES}). Consider using 'List pull requests files' API or locally cloning the repository instead.`,
      [{ resource: 'PullRequest', field: 'diff', code: 'too_large' }],
    )
  }
  return { status: 200, body: diff, type: 'application/vnd.github.diff; charset=utf-8' }
}

const postReview = async (call: Call) => {
  const pull = pullOf(call, WRITE)
  const review = await createReview(call.world, pull, writerOf(call.actor), {
    commitId: text(call.body, 'commit_id'),
    body: text(call.body, 'body'),
    event: text(call.body, 'event') as 'COMMENT' | undefined,
    comments: call.body['comments'] as DraftComment[] | undefined,
  })
  return ok(renderReview(call.world, review))
}

/** Threads have one level: only their first comment can be answered. */
const noReplyToReply = () => unprocessable('', ['in_reply_to is a reply itself'])

const postComment = async (call: Call) => {
  const pull = pullOf(call, WRITE)
  const answered = call.body['in_reply_to']
  if (typeof answered === 'number') {
    const comment = pull.comments.find(one => one.id === answered)
    if (comment === undefined) throw notFound()
    if (comment.inReplyTo !== null) throw noReplyToReply()
    return created(
      renderReviewComment(
        call.world,
        replyTo(call.world, comment, writerOf(call.actor), String(call.body['body'])),
      ),
    )
  }
  const input = call.body as unknown as DraftComment & { commit_id: string }
  return created(
    renderReviewComment(call.world, await createReviewComment(call.world, pull, writerOf(call.actor), input)),
  )
}

const reply = (call: Call) => {
  const pull = pullOf(call, WRITE)
  const comment = pull.comments.find(one => one.id === Number(call.params['comment_id']))
  if (comment === undefined) throw notFound()
  if (comment.inReplyTo !== null) throw noReplyToReply()
  return created(
    renderReviewComment(
      call.world,
      replyTo(call.world, comment, writerOf(call.actor), String(call.body['body'])),
    ),
  )
}

const listPulls = (call: Call) => {
  const repo = repositoryOf(call, READ)
  const state = call.query.get('state') ?? 'open'
  const head = call.query.get('head')
  const pulls = [...repo.pulls.values()].filter(
    pull =>
      (state === 'all' || pull.state === state) &&
      (head === null || keyOf(`${pull.head.repo.owner.login}:${pull.head.ref}`) === keyOf(head)),
  )
  return page(call, pulls.toReversed(), pull => renderPullSimple(call.world, pull))
}

const changeComment = (call: Call) => {
  const comment = commentIn(call, WRITE)
  const writer = writerOf(call.actor)
  if (comment.author !== writer) throw forbidden()
  checkBody(String(call.body['body']))
  comment.body = String(call.body['body'])
  comment.updatedAt = call.world.now()
  emitComment(call.world, comment, writer, 'edited')
  return ok(renderReviewComment(call.world, comment))
}

const deleteComment = (call: Call) => {
  const comment = commentIn(call, WRITE)
  const { pull, thread } = comment
  call.world.state.reviewComments.delete(comment.id)
  pull.comments = pull.comments.filter(one => one !== comment)
  thread.comments = thread.comments.filter(one => one !== comment)
  if (thread.comments.length === 0) {
    pull.threads = pull.threads.filter(one => one !== thread)
    call.world.state.threads.delete(thread.nodeId)
  }
  emitComment(call.world, comment, writerOf(call.actor), 'deleted')
  return noContent()
}

const PULL = '/repos/{owner}/{repo}/pulls/{pull_number}'
const COMMENT = '/repos/{owner}/{repo}/pulls/comments/{comment_id}'

export const pullRoutes: Route[] = [
  { method: 'GET', path: '/repos/{owner}/{repo}/pulls', handle: listPulls },
  {
    method: 'GET',
    path: COMMENT,
    handle: call => ok(renderReviewComment(call.world, commentIn(call, READ))),
  },
  { method: 'PATCH', path: COMMENT, handle: changeComment },
  { method: 'DELETE', path: COMMENT, handle: deleteComment },
  { method: 'GET', path: PULL, handle: pullDiff },
  {
    method: 'GET',
    path: `${PULL}/files`,
    handle: async call => {
      const pull = pullOf(call, READ)
      const { files } = await pullComparison(call.world, pull)
      return page(call, files.slice(0, MAX_LISTED_FILES), file =>
        renderFile(call.world, pull.repo, pull.head.sha, file),
      )
    },
  },
  {
    method: 'GET',
    path: `${PULL}/reviews`,
    handle: call => page(call, pullOf(call, READ).reviews, review => renderReview(call.world, review)),
  },
  { method: 'POST', path: `${PULL}/reviews`, handle: postReview },
  {
    method: 'GET',
    path: `${PULL}/reviews/{review_id}`,
    handle: call => ok(renderReview(call.world, reviewIn(call))),
  },
  {
    method: 'GET',
    path: `${PULL}/reviews/{review_id}/comments`,
    handle: call => {
      const review = reviewIn(call)
      const comments = review.pull.comments.filter(comment => comment.review === review)
      return page(call, comments, comment => renderCommentOfReview(call.world, comment))
    },
  },
  {
    method: 'GET',
    path: `${PULL}/comments`,
    handle: call =>
      page(call, pullOf(call, READ).comments, comment => renderReviewComment(call.world, comment)),
  },
  { method: 'POST', path: `${PULL}/comments`, handle: postComment },
  { method: 'POST', path: `${PULL}/comments/{comment_id}/replies`, handle: reply },
]
