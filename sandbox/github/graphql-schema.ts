import { authorize, type Need } from './auth.ts'
import { git, readObject, resolveCommit, type GitObject } from './git.ts'
import { PULL_TYPES, type Minimisable } from './graphql-pull.ts'
import { connectionType, me, pageInfo, scalar, stamp } from './graphql-types.ts'
import type { Field, GraphQLContext, TypeDefinition } from './graphql-types.ts'
import { setResolved } from './reviews.ts'
import { keyOf, nodeId, permissionOf, type Pull, type Repository, type Thread, type User } from './state.ts'
import { forbidden, Refusal } from './world.ts'

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

const seePull = (pull: Pull, { actor }: GraphQLContext, level: 'read' | 'write'): void =>
  authorize(actor, pull.repo, [`pull_requests:${level}`])

const threadIn = (args: Record<string, unknown>, context: GraphQLContext): Thread => {
  const id = String((args['input'] as Record<string, unknown> | undefined)?.['threadId'])
  const thread = context.world.state.threads.get(id)
  if (thread === undefined)
    throw new Refusal(404, `Could not resolve to a node with the global id of '${id}'`)
  seePull(thread.pull, context, 'write')
  const { actor } = context
  // Not documented, but so it is: an App that may not write contents may not resolve (github/gh-aw#35726).
  if (actor.kind === 'installation' && actor.token.permissions['contents'] !== 'write') throw forbidden()
  if (actor.kind === 'user' && thread.pull.author !== actor.user) {
    const role = permissionOf(thread.pull.repo, actor.user.login)
    if (role === 'read' || role === null)
      throw new Refusal(403, `${actor.user.login} does not have permission to resolve this review thread`)
  }
  return thread
}

const resolving = (resolved: boolean): Field => ({
  type: 'ThreadPayload',
  args: { input: resolved ? 'ResolveReviewThreadInput!' : 'UnresolveReviewThreadInput!' },
  resolve: (_source, args, context) => {
    const thread = threadIn(args, context)
    setResolved(context.world, thread, me(context.actor, context.world), resolved)
    return {
      thread,
      clientMutationId: (args['input'] as Record<string, unknown>)['clientMutationId'] ?? null,
    }
  },
})

/** An App hides comments with `pull_requests: write` or `issues: write`; a person may hide their own, writers anybody's. */
const minimizing: Field = {
  type: 'MinimizeCommentPayload',
  args: { input: 'MinimizeCommentInput!' },
  resolve: (_source, args, context) => {
    const input = args['input'] as Record<string, unknown>
    const id = String(input['subjectId'])
    const found = nodeOf(id, context)
    if (id.startsWith('PRRT_')) throw new Refusal(422, `${id} cannot be minimized`)
    const comment = found as Minimisable
    const { actor } = context
    authorize(actor, comment.pull.repo, ['pull_requests:write', 'issues:write'])
    if (actor.kind === 'user' && comment.author !== actor.user) {
      const role = permissionOf(comment.pull.repo, actor.user.login)
      if (role !== 'admin' && role !== 'maintain' && role !== 'write')
        throw new Refusal(403, `${actor.user.login} does not have permission to minimize this comment`)
    }
    comment.minimised = String(input['classifier'])
    return { comment, clientMutationId: input['clientMutationId'] ?? null }
  },
}

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

/** The fields of the input objects. */
export const INPUTS: Record<string, Record<string, string>> = {
  ResolveReviewThreadInput: { threadId: 'ID!', clientMutationId: 'String' },
  UnresolveReviewThreadInput: { threadId: 'ID!', clientMutationId: 'String' },
  MinimizeCommentInput: {
    subjectId: 'ID!',
    classifier: 'ReportedContentClassifiers!',
    clientMutationId: 'String',
  },
}

/** The words of the enumerations that inputs take: written bare, not as strings. */
export const ENUMS: Record<string, readonly string[]> = {
  ReportedContentClassifiers: ['SPAM', 'ABUSE', 'OFF_TOPIC', 'OUTDATED', 'DUPLICATE', 'RESOLVED'],
}

/** The part of GitHub's schema that is served; a field that is not here is an error, as an unknown one is there. */
export const SCHEMA: Record<string, TypeDefinition> = {
  Query: {
    fields: {
      viewer: { type: 'Viewer', resolve: (_source, _args, { actor, world }) => me(actor, world) },
      rateLimit: { type: 'RateLimit', resolve: () => ({}) },
      repository: {
        type: 'Repository',
        args: { owner: 'String!', name: 'String!', followRenames: 'Boolean' },
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
        args: { id: 'ID!' },
        resolve: (_source, args, context) => nodeOf(String(args['id']), context),
      },
      nodes: {
        type: 'Node',
        args: { ids: '[ID!]!' },
        resolve: (_source, args, context) => {
          const ids = args['ids'] as string[]
          if (ids.length > 100)
            throw new Refusal(422, 'You may not provide more than 100 node ids; you provided ' + ids.length)
          // One that is gone is null beside the others.
          return ids.map(id => {
            try {
              return nodeOf(id, context)
            } catch (error) {
              if (error instanceof Refusal && error.status === 404) return null
              throw error
            }
          })
        },
      },
    },
  },
  Mutation: {
    fields: {
      resolveReviewThread: resolving(true),
      unresolveReviewThread: resolving(false),
      minimizeComment: minimizing,
    },
  },
  MinimizeCommentPayload: {
    fields: {
      minimizedComment: { type: 'Minimizable', resolve: source => source.comment },
      clientMutationId: scalar('String', source => source.clientMutationId),
    },
  },
  Minimizable: {
    fields: {
      isMinimized: scalar('Boolean', (one: Minimisable) => one.minimised !== undefined),
      minimizedReason: scalar('String', (one: Minimisable) => one.minimised?.toLowerCase() ?? null),
    },
    typeOf: (one: Minimisable) => ('thread' in one ? 'PullRequestReviewComment' : 'IssueComment'),
    possible: ['PullRequestReviewComment', 'IssueComment'],
  },
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
  PageInfo: pageInfo,
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
        args: { number: 'Int!' },
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
        args: { expression: 'String', oid: 'GitObjectID' },
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
        args: { path: 'String!' },
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
  ...PULL_TYPES,
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
