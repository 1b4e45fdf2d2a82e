import { resolveCommit } from './git.ts'
import { connection, me, scalar, stamp, type Field, type TypeDefinition } from './graphql-types.ts'
import { nodeId, type IssueComment, type Label, type Pull, type Reaction } from './state.ts'
import type { Review, ReviewComment, Thread, User } from './state.ts'
import { pullComparison } from './world.ts'

const author: Field = {
  type: 'Actor',
  resolve: (source: { author: User }) => (source.author.deleted === true ? null : source.author),
}
const first = (thread: Thread): ReviewComment | undefined => thread.comments[0]
const commit = (sha: string) => ({ oid: sha })
const REACTIONS: Record<string, string> = {
  '+1': 'THUMBS_UP',
  '-1': 'THUMBS_DOWN',
  laugh: 'LAUGH',
  hooray: 'HOORAY',
  confused: 'CONFUSED',
  heart: 'HEART',
  rocket: 'ROCKET',
  eyes: 'EYES',
}

const commentFields = (kind: string): Record<string, Field> => ({
  id: scalar('ID', (one: { id: number }) => nodeId(kind, one.id)),
  databaseId: scalar('Int', (one: { id: number }) => one.id),
  fullDatabaseId: scalar('BigInt', (one: { id: number }) => String(one.id)),
  body: scalar('String', (one: { body: string }) => one.body),
  author,
  viewerDidAuthor: scalar(
    'Boolean',
    (one: { author: User }, { actor, world }) => one.author === me(actor, world),
  ),
  createdAt: scalar('DateTime', (one: { createdAt?: Date; submittedAt?: Date }) =>
    stamp(one.createdAt ?? one.submittedAt ?? null),
  ),
  updatedAt: scalar('DateTime', (one: { updatedAt?: Date; submittedAt?: Date }) =>
    stamp(one.updatedAt ?? one.submittedAt ?? null),
  ),
})

const minimizable: Record<string, Field> = {
  isMinimized: scalar('Boolean', (one: Minimisable) => one.minimised !== undefined),
  minimizedReason: scalar('String', (one: Minimisable) => one.minimised?.toLowerCase() ?? null),
}

const PULL: Record<string, Field> = {
  id: scalar('ID', (pull: Pull) => nodeId('PR', pull.id)),
  databaseId: scalar('Int', (pull: Pull) => pull.id),
  number: scalar('Int', (pull: Pull) => pull.number),
  title: scalar('String', (pull: Pull) => pull.title),
  body: scalar('String', (pull: Pull) => pull.body ?? ''),
  state: scalar('PullRequestState', (pull: Pull) =>
    pull.merged === null ? pull.state.toUpperCase() : 'MERGED',
  ),
  merged: scalar('Boolean', (pull: Pull) => pull.merged !== null),
  mergedAt: scalar('DateTime', (pull: Pull) => stamp(pull.merged?.at ?? null)),
  closed: scalar('Boolean', (pull: Pull) => pull.state === 'closed'),
  isDraft: scalar('Boolean', (pull: Pull) => pull.draft),
  baseRefOid: scalar('GitObjectID', (pull: Pull) => pull.base.sha),
  baseRefName: scalar('String', (pull: Pull) => pull.base.ref),
  baseRef: {
    type: 'Ref',
    resolve: async (pull: Pull) => {
      const sha = await resolveCommit(pull.repo.dir, `refs/heads/${pull.base.ref}`)
      return sha === null ? null : { pull, sha }
    },
  },
  headRefOid: scalar('GitObjectID', (pull: Pull) => pull.head.sha),
  headRefName: scalar('String', (pull: Pull) => pull.head.ref),
  isCrossRepository: scalar('Boolean', (pull: Pull) => pull.head.repo !== pull.repo),
  changedFiles: scalar(
    'Int',
    async (pull: Pull, { world }) => (await pullComparison(world, pull)).files.length,
  ),
  additions: scalar('Int', async (pull: Pull, { world }) =>
    (await pullComparison(world, pull)).files.reduce((sum, file) => sum + file.additions, 0),
  ),
  deletions: scalar('Int', async (pull: Pull, { world }) =>
    (await pullComparison(world, pull)).files.reduce((sum, file) => sum + file.deletions, 0),
  ),
  createdAt: scalar('DateTime', (pull: Pull) => stamp(pull.createdAt)),
  updatedAt: scalar('DateTime', (pull: Pull) => stamp(pull.updatedAt)),
  author,
  url: scalar(
    'URI',
    (pull: Pull, { world }) =>
      `${world.url()}/${pull.repo.owner.login}/${pull.repo.name}/pull/${pull.number}`,
  ),
  repository: { type: 'Repository', resolve: (pull: Pull) => pull.repo },
  labels: connection('Label', (pull: Pull) => pull.labels),
  reviewThreads: connection('PullRequestReviewThread', (pull: Pull) => pull.threads),
  reviews: connection('PullRequestReview', (pull: Pull) => pull.reviews),
  comments: connection('IssueComment', (pull: Pull) => pull.conversation),
}

const THREAD: Record<string, Field> = {
  id: scalar('ID', (thread: Thread) => thread.nodeId),
  isResolved: scalar('Boolean', (thread: Thread) => thread.resolvedBy !== null),
  resolvedBy: { type: 'User', resolve: (thread: Thread) => thread.resolvedBy },
  isOutdated: scalar('Boolean', (thread: Thread) => (first(thread)?.line ?? null) === null),
  path: scalar('String', (thread: Thread) => first(thread)?.path ?? ''),
  line: scalar('Int', (thread: Thread) => first(thread)?.line ?? null),
  startLine: scalar('Int', (thread: Thread) => first(thread)?.startLine ?? null),
  originalLine: scalar('Int', (thread: Thread) => first(thread)?.originalLine ?? null),
  originalStartLine: scalar('Int', (thread: Thread) => first(thread)?.originalStartLine ?? null),
  diffSide: scalar('DiffSide', (thread: Thread) => first(thread)?.side ?? 'RIGHT'),
  startDiffSide: scalar('DiffSide', (thread: Thread) => first(thread)?.startSide ?? null),
  pullRequest: { type: 'PullRequest', resolve: (thread: Thread) => thread.pull },
  comments: connection('PullRequestReviewComment', (thread: Thread) => thread.comments),
}

const REVIEW_COMMENT: Record<string, Field> = {
  ...commentFields('PRRC'),
  ...minimizable,
  path: scalar('String', (one: ReviewComment) => one.path),
  line: scalar('Int', (one: ReviewComment) => one.line),
  originalLine: scalar('Int', (one: ReviewComment) => one.originalLine),
  outdated: scalar('Boolean', (one: ReviewComment) => one.line === null),
  diffHunk: scalar('String', (one: ReviewComment) => one.diffHunk),
  commit: { type: 'Commit', resolve: (one: ReviewComment) => commit(one.commitId) },
  originalCommit: { type: 'Commit', resolve: (one: ReviewComment) => commit(one.originalCommitId) },
  replyTo: {
    type: 'PullRequestReviewComment',
    resolve: (one: ReviewComment) => (one === one.thread.comments[0] ? null : one.thread.comments[0]),
  },
  pullRequest: { type: 'PullRequest', resolve: (one: ReviewComment) => one.pull },
  pullRequestReview: { type: 'PullRequestReview', resolve: (one: ReviewComment) => one.review },
  reactions: connection('Reaction', (one: ReviewComment) => one.reactions),
}

export type Minimisable = ReviewComment | IssueComment

/** Pull requests and everything on them. */
export const PULL_TYPES: Record<string, TypeDefinition> = {
  Label: {
    fields: {
      name: scalar('String', (label: Label) => label.name),
      id: scalar('ID', (label: Label) => nodeId('LA', label.id)),
    },
  },
  PullRequest: { fields: PULL },
  PullRequestReviewThread: { fields: THREAD },
  PullRequestReviewComment: { fields: REVIEW_COMMENT },
  PullRequestReview: {
    fields: {
      ...commentFields('PRR'),
      state: scalar('PullRequestReviewState', (review: Review) => review.state),
      submittedAt: scalar('DateTime', (review: Review) => stamp(review.submittedAt)),
      commit: { type: 'Commit', resolve: (review: Review) => commit(review.commitId) },
      comments: connection('PullRequestReviewComment', (review: Review) =>
        review.pull.comments.filter(one => one.review === review),
      ),
    },
  },
  IssueComment: {
    fields: {
      ...commentFields('IC'),
      ...minimizable,
      reactions: connection('Reaction', (one: IssueComment) => one.reactions),
    },
  },
  Reaction: {
    fields: {
      id: scalar('ID', (one: Reaction) => nodeId('REA', one.id)),
      databaseId: scalar('Int', (one: Reaction) => one.id),
      content: scalar('ReactionContent', (one: Reaction) => REACTIONS[one.content]),
      createdAt: scalar('DateTime', (one: Reaction) => stamp(one.createdAt)),
      // A reaction's user is a User; that of an App has none.
      user: {
        type: 'User',
        resolve: ({ user }: Reaction) => (user.deleted === true || user.type === 'Bot' ? null : user),
      },
    },
  },
}
