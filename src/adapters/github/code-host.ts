import type { CodeHostReader, CodeHostWriter } from '../../ports/code-host.ts'
import { githubCall, type CallDeps } from './call.ts'
import { findReview } from './find-review.ts'
import { finishCheck } from './finish-check.ts'
import { listFiles } from './list-files.ts'
import { listReviewComments } from './list-review-comments.ts'
import { minimiseComments } from './minimise-comments.ts'
import { postReview } from './post-review.ts'
import { putSummary } from './put-summary.ts'
import { readBlobs } from './read-blobs.ts'
import { readHeadSha } from './read-head.ts'
import { readPermission } from './read-permission.ts'
import { readPullRequest } from './read-pull-request.ts'
import { resolveThreads } from './resolve-threads.ts'
import { startCheck } from './start-check.ts'
import { comment, findComment, react, replyInThread, rewriteComment } from './write-comments.ts'

/** GitHub behind both ports. `botLogin` is `<slug>[bot]`. Everything thrown is a Fault. */
export function codeHost(options: CallDeps & { botLogin: string }): {
  reader: CodeHostReader
  writer: CodeHostWriter
} {
  const call = githubCall(options)
  const deps = { call, botLogin: options.botLogin, log: options.log }
  return {
    reader: {
      pullRequest: ref => readPullRequest(deps, ref),
      files: ref => listFiles(call, ref),
      blobs: (ref, sha, paths) => readBlobs(call, ref, sha, paths),
      headSha: ref => readHeadSha(call, ref),
      permission: (ref, login) => readPermission(call, ref, login),
    },
    writer: {
      startCheck: (ref, headSha, externalId, again) =>
        startCheck(deps, ref, headSha, externalId, {
          startedAt: options.clock.now(),
          mayExist: again?.mayExist ?? false,
        }),
      finishCheck: (ref, checkId, outcome) => finishCheck(call, ref, checkId, outcome, options.clock.now()),
      postReview: (ref, review) => postReview(call, ref, review),
      findReview: (ref, marker) => findReview(deps, ref, marker),
      reviewComments: (ref, reviewId) => listReviewComments(call, ref, reviewId),
      putSummary: (ref, commentId, body) => putSummary(deps, ref, commentId, body),
      resolveThreads: (ref, threadIds) => resolveThreads(deps, ref, threadIds),
      minimise: (ref, nodeIds) => minimiseComments(call, ref, nodeIds),
      replyInThread: (ref, commentId, body) => replyInThread(deps, ref, commentId, body),
      comment: (ref, body) => comment(deps, ref, body),
      findComment: (ref, threadId, marker) => findComment(deps, ref, threadId, marker),
      rewriteComment: (ref, target, body) => rewriteComment(call, ref, 'rewriteComment', target, body),
      react: (ref, target, content) => react(call, ref, target, content),
    },
  }
}
