import { authorize, type Actor, type Need } from './auth.ts'
import { git, readObject, resolveCommit, type GitObject } from './git.ts'
import { setResolved } from './reviews.ts'
import {
  keyOf,
  nodeId,
  permissionOf,
  type IssueComment,
  type Label,
  type Pull,
  type Reaction,
} from './state.ts'
import type { Repository, Review, ReviewComment, Thread, User } from './state.ts'
import { pullComparison, Refusal, type World } from './world.ts'

export interface GraphQLContext {
  world: World
  actor: Actor
}

// Each type's resolvers know what their source is; the executor does not.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Source = any

export interface Field {
  type: string
  args?: Record<string, 'required' | 'optional'>
  resolve: (source: Source, args: Record<string, unknown>, context: GraphQLContext) => unknown
}

export interface TypeDefinition {
  fields: Record<string, Field>
  /** For interfaces and unions: the name of the object type a value is of. */
  typeOf?: (source: Source) => string
  possible?: string[]
}

const scalar = (type: string, resolve: (source: Source, context: GraphQLContext) => unknown): Field => ({
  type,
  resolve: (source, _args, context) => resolve(source, context),
})
const stamp = (date: Date | null): string | null =>
  date === null ? null : date.toISOString().replace(/\.\d+Z$/, 'Z')

interface Connection {
  items: unknown[]
  all: unknown[]
  from: number
}

/** A list cut by first/last and before/after cursors; a cursor is the index of its element. */
const connection = (
  type: string,
  list: (source: Source, context: GraphQLContext) => unknown[] | Promise<unknown[]>,
): Field => ({
  type: `${type}Connection`,
  args: { first: 'optional', last: 'optional', after: 'optional', before: 'optional' },
  resolve: async (source, args, context): Promise<Connection> => {
    const { first, last } = args
    for (const [name, size] of Object.entries({ first, last })) {
      if (size === undefined || size === null) continue
      if (!Number.isInteger(size) || Number(size) < 1 || Number(size) > 100) {
        throw new Refusal(
          422,
          `Requesting ${JSON.stringify(size)} records on the connection exceeds the \`${name}\` limit of 100 records.`,
        )
      }
    }
    if (typeof first !== 'number' && typeof last !== 'number') {
      throw new Refusal(
        422,
        'You must provide a `first` or `last` value to properly paginate the connection.',
      )
    }
    const all = await list(source, context)
    const from =
      typeof args['after'] === 'string' ? Number(Buffer.from(args['after'], 'base64').toString()) + 1 : 0
    const to =
      typeof args['before'] === 'string'
        ? Number(Buffer.from(args['before'], 'base64').toString())
        : all.length
    const end = typeof first === 'number' ? Math.min(from + first, to) : to
    const start = typeof last === 'number' ? Math.max(from, end - last) : from
    return { items: all.slice(start, end), all, from: start }
  },
})

const connectionType = (type: string): TypeDefinition => ({
  fields: {
    nodes: { type, resolve: (source: Connection) => source.items },
    totalCount: scalar('Int', (source: Connection) => source.all.length),
    pageInfo: { type: 'PageInfo', resolve: (source: Connection) => source },
  },
})

const actorFields = (login: (user: User) => string): Record<string, Field> => ({
  login: scalar('String', login),
  id: scalar('ID', (user: User) => nodeId(user.type === 'Bot' ? 'BOT' : 'U', user.id)),
  databaseId: scalar('Int', (user: User) => user.id),
  url: scalar('URI', (user: User, { world }) => `${world.url()}/${user.login}`),
})

// GitHub's GraphQL names a bot without the "[bot]" that REST puts behind it.
const actorLogin = (user: User): string =>
  user.type === 'Bot' ? user.login.replace(/\[bot\]$/, '') : user.login
const { databaseId: _databaseId, id: _id, ...commonActor } = actorFields(actorLogin)

const me = (actor: Actor, world: World): User => {
  if (actor.kind === 'user') return actor.user
  if (actor.kind === 'installation') return world.app.bot
  throw new Refusal(401, 'Requires authentication')
}

const seePull = (pull: Pull, { actor }: GraphQLContext, level: 'read' | 'write'): void =>
  authorize(actor, pull.repo, [`pull_requests:${level}`])

const threadIn = (args: Record<string, unknown>, context: GraphQLContext): Thread => {
  const id = String((args['input'] as Record<string, unknown> | undefined)?.['threadId'])
  const thread = context.world.state.threads.get(id)
  if (thread === undefined)
    throw new Refusal(404, `Could not resolve to a node with the global id of '${id}'`)
  seePull(thread.pull, context, 'write')
  const { actor } = context
  if (actor.kind === 'user' && thread.pull.author !== actor.user) {
    const role = permissionOf(thread.pull.repo, actor.user.login)
    if (role === 'read' || role === null)
      throw new Refusal(403, `${actor.user.login} does not have permission to resolve this review thread`)
  }
  return thread
}

const resolving = (resolved: boolean): Field => ({
  type: 'ThreadPayload',
  args: { input: 'required' },
  resolve: (_source, args, context) => {
    const thread = threadIn(args, context)
    setResolved(context.world, thread, me(context.actor, context.world), resolved)
    return {
      thread,
      clientMutationId: (args['input'] as Record<string, unknown>)['clientMutationId'] ?? null,
    }
  },
})

const nodeOf = (id: string, context: GraphQLContext): unknown => {
  const { state } = context.world
  const [kind] = id.split('_')
  const found =
    state.threads.get(id) ??
    (kind === 'PRRC'
      ? [...state.reviewComments.values()].find(one => nodeId('PRRC', one.id) === id)
      : undefined) ??
    (kind === 'IC' ? [...state.issueComments.values()].find(one => nodeId('IC', one.id) === id) : undefined)
  if (found === undefined) throw new Refusal(404, `Could not resolve to a node with the global id of '${id}'`)
  seePull(found.pull, context, 'read')
  return found
}

const blobText = (object: GitObject): string | null => {
  if (isBinary(object)) return null
  return new TextDecoder().decode(object.bytes.subarray(0, MAX_BLOB_TEXT))
}
const isBinary = (object: GitObject): boolean => object.bytes.subarray(0, 8000).includes(0)
/** GitHub cuts longer texts. */
const MAX_BLOB_TEXT = 512_000

const author: Field = { type: 'Actor', resolve: (source: { author: User }) => source.author }
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

/** The part of GitHub's schema that is served; a field that is not here is an error, as an unknown one is there. */
export const SCHEMA: Record<string, TypeDefinition> = {
  Query: {
    fields: {
      viewer: { type: 'Viewer', resolve: (_source, _args, { actor, world }) => me(actor, world) },
      rateLimit: { type: 'RateLimit', resolve: () => ({}) },
      repository: {
        type: 'Repository',
        args: { owner: 'required', name: 'required', followRenames: 'optional' },
        resolve: (_source, args, { world, actor }) => {
          const name = `${String(args['owner'])}/${String(args['name'])}`
          const missing = new Refusal(404, `Could not resolve to a Repository with the name '${name}'.`)
          const repo = world.state.repositories.get(keyOf(name))
          if (repo === undefined) throw missing
          try {
            authorize(actor, repo, ['metadata:read'])
          } catch (error) {
            throw error instanceof Refusal && error.status === 404 ? missing : error
          }
          return repo
        },
      },
      node: {
        type: 'Node',
        args: { id: 'required' },
        resolve: (_source, args, context) => nodeOf(String(args['id']), context),
      },
      nodes: {
        type: 'Node',
        args: { ids: 'required' },
        resolve: (_source, args, context) => {
          const ids = args['ids'] as string[]
          if (ids.length > 100)
            throw new Refusal(422, 'You may not provide more than 100 node ids; you provided ' + ids.length)
          return ids.map(id => nodeOf(id, context))
        },
      },
    },
  },
  Mutation: { fields: { resolveReviewThread: resolving(true), unresolveReviewThread: resolving(false) } },
  ThreadPayload: {
    fields: {
      thread: { type: 'PullRequestReviewThread', resolve: source => source.thread },
      clientMutationId: scalar('String', source => source.clientMutationId),
    },
  },
  RateLimit: {
    fields: {
      cost: scalar('Int', () => 1),
      limit: scalar('Int', () => 5000),
      remaining: scalar('Int', () => 4999),
      resetAt: scalar('DateTime', (_source, { world }) => stamp(new Date(world.now().getTime() + 3_600_000))),
    },
  },
  PageInfo: {
    fields: {
      hasNextPage: scalar(
        'Boolean',
        (source: Connection) => source.from + source.items.length < source.all.length,
      ),
      hasPreviousPage: scalar('Boolean', (source: Connection) => source.from > 0),
      startCursor: scalar('String', (source: Connection) =>
        source.items.length === 0 ? null : cursor(source.from),
      ),
      endCursor: scalar('String', (source: Connection) =>
        source.items.length === 0 ? null : cursor(source.from + source.items.length - 1),
      ),
    },
  },
  Actor: {
    fields: commonActor,
    typeOf: (user: User) => user.type,
    possible: ['User', 'Bot', 'Organization'],
  },
  User: { fields: actorFields(actorLogin) },
  Bot: { fields: actorFields(actorLogin) },
  Organization: { fields: actorFields(actorLogin) },
  Viewer: { fields: actorFields(user => user.login), typeOf: () => 'Viewer' },
  Repository: {
    fields: {
      id: scalar('ID', (repo: Repository) => nodeId('R', repo.id)),
      databaseId: scalar('Int', (repo: Repository) => repo.id),
      name: scalar('String', (repo: Repository) => repo.name),
      nameWithOwner: scalar('String', (repo: Repository) => `${repo.owner.login}/${repo.name}`),
      isPrivate: scalar('Boolean', (repo: Repository) => repo.private),
      isFork: scalar('Boolean', (repo: Repository) => repo.forkOf !== null),
      owner: { type: 'Actor', resolve: (repo: Repository) => repo.owner },
      pullRequest: {
        type: 'PullRequest',
        args: { number: 'required' },
        resolve: (repo: Repository, args, context) => {
          const pull = repo.pulls.get(Number(args['number']))
          if (pull === undefined)
            throw new Refusal(
              404,
              `Could not resolve to a PullRequest with the number of ${String(args['number'])}.`,
            )
          seePull(pull, context, 'read')
          return pull
        },
      },
      object: {
        type: 'GitObject',
        args: { expression: 'optional', oid: 'optional' },
        resolve: async (repo: Repository, args, { actor }) => {
          authorize(actor, repo, ['contents:read'] satisfies Need[])
          const name = String(args['expression'] ?? args['oid'])
          const object = await readObject(repo.dir, name)
          if (object?.type !== 'commit') return object
          return { ...object, sha: (await resolveCommit(repo.dir, name)) ?? object.sha }
        },
      },
    },
  },
  GitObject: {
    fields: {
      oid: scalar('GitObjectID', (object: GitObject) => object.sha),
      id: scalar('ID', (object: GitObject) => `GO_${object.sha}`),
    },
    typeOf: (object: GitObject) =>
      object.type === 'blob' ? 'Blob' : object.type === 'tree' ? 'Tree' : 'Commit',
    possible: ['Blob', 'Tree', 'Commit'],
  },
  Blob: {
    fields: {
      oid: scalar('GitObjectID', (object: GitObject) => object.sha),
      text: scalar('String', blobText),
      isBinary: scalar('Boolean', isBinary),
      isTruncated: scalar(
        'Boolean',
        (object: GitObject) => object.bytes.length > MAX_BLOB_TEXT && !isBinary(object),
      ),
      byteSize: scalar('Int', (object: GitObject) => object.bytes.length),
    },
  },
  Tree: { fields: { oid: scalar('GitObjectID', (object: GitObject) => object.sha) } },
  Commit: {
    fields: {
      oid: scalar('GitObjectID', (source: { oid?: string; sha?: string }) => source.oid ?? source.sha),
      // Served for a commit reached through a branch. A path that is not there is null and an error, as on GitHub.
      file: {
        type: 'TreeEntry',
        args: { path: 'required' },
        resolve: async (source: { pull?: Pull; sha: string }, args, { actor }) => {
          const path = String(args['path'])
          const missing = new Refusal(404, `Could not resolve file for path '${path}'.`)
          if (source.pull === undefined) throw missing
          const { repo } = source.pull
          authorize(actor, repo, ['contents:read'] satisfies Need[])
          const object = await readObject(repo.dir, `${source.sha}:${path}`)
          if (object === null) throw missing
          return { object, repo, sha: source.sha, path }
        },
      },
    },
  },
  Ref: {
    fields: {
      name: scalar('String', ({ pull }: { pull: Pull }) => pull.base.ref),
      target: {
        type: 'GitObject',
        resolve: ({ pull, sha }: { pull: Pull; sha: string }) => ({ type: 'commit', pull, sha }),
      },
    },
  },
  TreeEntry: {
    fields: {
      path: scalar('String', (entry: { path: string }) => entry.path),
      mode: scalar('Int', async (entry: { repo: Repository; sha: string; path: string }) =>
        Number.parseInt(await git(entry.repo.dir, ['ls-tree', entry.sha, '--', entry.path]).then(String), 8),
      ),
      object: { type: 'GitObject', resolve: (entry: { object: GitObject }) => entry.object },
    },
  },
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
      reactions: connection('Reaction', (one: IssueComment) => one.reactions),
    },
  },
  Reaction: {
    fields: {
      id: scalar('ID', (one: Reaction) => nodeId('REA', one.id)),
      databaseId: scalar('Int', (one: Reaction) => one.id),
      content: scalar('ReactionContent', (one: Reaction) => REACTIONS[one.content]),
      createdAt: scalar('DateTime', (one: Reaction) => stamp(one.createdAt)),
      user: { type: 'User', resolve: (one: Reaction) => one.user },
    },
  },
  Node: {
    fields: {
      id: scalar(
        'ID',
        source =>
          (source.nodeId as string | undefined) ??
          nodeId(source.thread === undefined ? 'IC' : 'PRRC', source.id),
      ),
    },
    typeOf: source =>
      source.nodeId !== undefined
        ? 'PullRequestReviewThread'
        : source.thread === undefined
          ? 'IssueComment'
          : 'PullRequestReviewComment',
    possible: ['PullRequestReviewThread', 'PullRequestReviewComment', 'IssueComment'],
  },
}

const cursor = (index: number): string => Buffer.from(String(index)).toString('base64')

for (const type of [
  'Label',
  'PullRequestReviewThread',
  'PullRequestReview',
  'PullRequestReviewComment',
  'IssueComment',
  'Reaction',
]) {
  SCHEMA[`${type}Connection`] = connectionType(type)
}
