import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { PullRequestView } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import type { GraphqlError } from './graphql-fault.ts'
import { findingMark, isOwnLogin, summaryMark } from './own-marks.ts'
import { readOlder } from './read-older.ts'
import {
  configurationPaths,
  fileAlias,
  instructionPaths,
  pullRequestAnswer,
  pullRequestQuery,
  type PullRequestAnswer,
} from './pull-request-query.ts'

/** Account behind pull requests whose author was deleted: github.com/ghost. */
const ghost = { login: 'ghost', id: 10137, bot: false }
const symlinkMode = 0o120000

export async function readPullRequest(
  deps: { call: Call; botLogin: string },
  ref: PullRequestRef,
): Promise<PullRequestView> {
  const { data, errors, fault } = await deps.call.graphql(
    ref,
    {
      name: 'pullRequest',
      kind: 'read',
      query: pullRequestQuery,
      variables: { owner: ref.owner, repo: ref.repo, number: ref.number },
    },
    pullRequestAnswer,
  )
  // Only a file that does not exist may be missing. Were any other error read as "no configuration",
  // a repository that switched Cupel off would be reviewed whenever GitHub stumbles.
  if (fault && !errors.every(isMissingFile)) throw fault
  const found = data?.repository?.pullRequest
  if (!found)
    throw new Fault('github-not-found', `no pull request ${ref.owner}/${ref.repo}#${ref.number}`, {
      retry: 'never',
    })
  const isOwn = (written: Written) => isOwnLogin(deps.botLogin, written.author)
  const isSummary = (comment: Written & { body: string }) =>
    isOwn(comment) && comment.body.includes(summaryMark)
  const lists = await readOlder(deps.call, ref, found, (name, { reviews, comments }) => {
    switch (name) {
      case 'reviewThreads':
        return true
      case 'reviews':
        return !reviews.nodes.some(isOwn)
      case 'comments':
        return (
          comments.totalCount > comments.nodes.length + found.firstComments.nodes.length &&
          ![...found.firstComments.nodes, ...comments.nodes].some(isSummary)
        )
    }
  })
  return viewOf({ ...found, ...lists }, isOwn, isSummary)
}

interface Written {
  author: { login: string; bot: boolean } | null
}

function isMissingFile(error: GraphqlError): boolean {
  const at = error.path?.at(-1)
  const isFile = typeof at === 'string' && /^f\d+$/.test(at)
  return isFile && (error.type === 'NOT_FOUND' || /could not resolve file/i.test(error.message))
}

function viewOf(
  found: PullRequestAnswer,
  isOwn: (written: Written) => boolean,
  isSummary: (comment: Written & { body: string }) => boolean,
): PullRequestView {
  const texts = (paths: readonly string[]) =>
    paths.flatMap(path => {
      const text = fileText(found, path)
      return text === null ? [] : [{ path, text }]
    })
  return {
    title: found.title,
    body: found.body,
    author: found.author
      ? {
          // GraphQL drops the suffix that REST, webhooks and people's configuration use.
          login: found.author.bot ? `${found.author.login.replace(/\[bot\]$/, '')}[bot]` : found.author.login,
          id: found.author.databaseId ?? 0,
          bot: found.author.bot,
        }
      : ghost,
    state: ({ OPEN: 'open', CLOSED: 'closed', MERGED: 'merged' } as const)[found.state],
    draft: found.isDraft,
    labels: (found.labels ?? []).map(label => label.name),
    baseSha: found.baseRefOid,
    baseRef: found.baseRefName,
    headSha: found.headRefOid,
    headRef: found.headRefName,
    fork: found.isCrossRepository,
    changedFiles: found.changedFiles,
    repositoryConfiguration: texts(configurationPaths)[0] ?? null,
    instructions: texts(instructionPaths),
    ownThreads: found.reviewThreads.nodes.flatMap(thread => {
      const first = thread.comments[0]
      if (!first || !isOwn(first) || !first.body.includes(findingMark)) return []
      return [
        {
          id: thread.id,
          resolved: thread.isResolved,
          outdated: thread.isOutdated,
          path: thread.path,
          side: thread.diffSide,
          line: thread.line ?? null,
          commentId: first.fullDatabaseId,
          commentNodeId: first.id,
          withdrawn: first.isMinimized && first.minimizedReason?.toLowerCase() === 'outdated',
          body: first.body,
        },
      ]
    }),
    ownReviews: found.reviews.nodes
      .filter(isOwn)
      .slice(-50)
      .map(review => ({ id: review.fullDatabaseId, headSha: review.commit?.oid ?? '', body: review.body })),
    summaryCommentId:
      [...found.firstComments.nodes, ...found.comments.nodes].find(isSummary)?.fullDatabaseId ?? null,
  }
}

/** A symbolic link's "text" is its target's path, which instructs nobody. */
function fileText(found: PullRequestAnswer, path: string): string | null {
  const entry = found.baseRef?.target?.[fileAlias(path)]
  if (!entry?.object || entry.mode === symlinkMode) return null
  if (entry.object.isBinary || entry.object.isTruncated) return null
  return entry.object.text ?? null
}
