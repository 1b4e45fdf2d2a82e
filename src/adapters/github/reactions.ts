import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { ListedComment, Reaction, ReactionReader } from '../../ports/feedback.ts'
import { githubCall, type Call, type CallDeps } from './call.ts'
import { isOwnLogin } from './own-marks.ts'
import { lastPage } from './page-link.ts'

const contents = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'eyes', 'rocket'] as const
/** GraphQL's words for REST's, which is what is recorded. */
const graphqlContents: Record<string, string> = {
  THUMBS_UP: '+1',
  THUMBS_DOWN: '-1',
  LAUGH: 'laugh',
  CONFUSED: 'confused',
  HEART: 'heart',
  HOORAY: 'hooray',
  EYES: 'eyes',
  ROCKET: 'rocket',
}
const mostPages = 10
/** GitHub's own limit on nodes(ids:). */
const mostIds = 100
/** 5,000 reactions to one comment. */
const mostReactionPages = 50

const listed = z.array(
  z
    .object({
      id: z.number(),
      node_id: z.string(),
      body: z.string().nullish(),
      user: z.object({ id: z.number(), login: z.string(), type: z.string().optional() }).nullable(),
      in_reply_to_id: z.number().nullish(),
      reactions: z.object(Object.fromEntries(contents.map(name => [name, z.number().catch(0)]))).optional(),
    })
    .transform(({ id, node_id, body, user, in_reply_to_id, reactions }) => ({
      id,
      nodeId: node_id,
      body: body ?? '',
      author: user && { id: user.id, login: user.login, bot: user.type === 'Bot' },
      inReplyTo: in_reply_to_id ?? null,
      rollup: contents.flatMap(name => (reactions?.[name] ? [`${name}:${reactions[name]}`] : [])).join(' '),
    })),
)

const page = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  nodes: z.array(
    z
      .object({
        content: z.string(),
        createdAt: z.string(),
        user: z
          .object({ kind: z.string().optional(), login: z.string(), databaseId: z.number().nullable() })
          .nullable(),
      })
      .nullable(),
  ),
})
/** Null: the comment is gone. Without reactions: something else has its id. */
const node = z.object({ id: z.string(), reactions: page }).partial().nullable()

const fields = (size: number, after = '') => `... on PullRequestReviewComment {
      id
      reactions(first: ${size}${after}) {
        pageInfo { hasNextPage endCursor }
        nodes { content createdAt user { kind: __typename login databaseId } }
      }
    }`

/**
 * The cheapest way to learn of reactions: one conditional list of the comments, whose 304 costs nothing, says which
 * roll-ups changed; one GraphQL call for up to 100 of these says who gave what.
 */
export function reactionReader(options: CallDeps & { botLogin: string }): ReactionReader {
  const call = githubCall(options)
  return {
    comments: ref => listComments(call, options.botLogin, ref),
    async reactions(ref, comments) {
      const found: Reaction[] = []
      for (let at = 0; at < comments.length; at += mostIds)
        found.push(...(await readReactions(call, options.botLogin, ref, comments.slice(at, at + mostIds))))
      return found
    },
  }
}

async function listComments(call: Call, botLogin: string, ref: PullRequestRef): Promise<ListedComment[]> {
  const comments: ListedComment[] = []
  for (let number = 1, last = 1; number <= Math.min(last, mostPages); number++) {
    const { data, headers } = await call.rest(
      ref,
      {
        name: 'comments',
        kind: 'read',
        conditional: true,
        route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}/comments',
        parameters: { pull_number: ref.number, per_page: 100, page: number },
      },
      listed,
    )
    comments.push(...data.map(comment => ({ ...comment, own: isOwnLogin(botLogin, comment.author) })))
    if (number === 1) last = lastPage(headers)
  }
  return comments
}

async function readReactions(
  call: Call,
  botLogin: string,
  ref: PullRequestRef,
  comments: readonly Pick<ListedComment, 'id' | 'nodeId'>[],
): Promise<Reaction[]> {
  const { data, errors, fault } = await call.graphql(
    ref,
    {
      name: 'reactions',
      kind: 'read',
      query: `query Reactions($ids: [ID!]!) {
  nodes(ids: $ids) {
    ${fields(50)}
  }
}`,
      variables: { ids: comments.map(comment => comment.nodeId) },
    },
    z.object({ nodes: z.array(node).nullable() }),
  )
  // A comment that was deleted meanwhile takes its reactions with it.
  if (fault && !errors.every(error => error.type === 'NOT_FOUND')) throw fault
  const found: Reaction[] = []
  for (const [index, comment] of comments.entries()) {
    let reactions = data?.nodes?.[index]?.reactions
    for (let pages = 1; reactions && pages <= mostReactionPages; pages++) {
      found.push(...people(reactions, comment.id, botLogin))
      const { hasNextPage, endCursor } = reactions.pageInfo
      reactions = hasNextPage && endCursor ? await nextPage(call, ref, comment.nodeId, endCursor) : undefined
    }
  }
  return found
}

async function nextPage(
  call: Call,
  ref: PullRequestRef,
  id: string,
  after: string,
): Promise<z.infer<typeof page> | undefined> {
  const { data, fault } = await call.graphql(
    ref,
    {
      name: 'reactions',
      kind: 'read',
      query: `query MoreReactions($id: ID!, $after: String!) {
  node(id: $id) {
    ${fields(100, ', after: $after')}
  }
}`,
      variables: { id, after },
    },
    z.object({ node }),
  )
  if (fault) throw fault
  return data?.node?.reactions
}

/** Deleted accounts and, as GitHub has it, bots have no user here; a bot that has one is known by its name or kind. */
function people(reactions: z.infer<typeof page>, commentId: number, botLogin: string): Reaction[] {
  return reactions.nodes.flatMap(each => {
    const user = each?.user
    const content = each && graphqlContents[each.content]
    if (!user || user.databaseId === null || content === undefined || content === null) return []
    const bot = user.kind === 'Bot' || user.kind === 'Mannequin' || user.login.endsWith('[bot]')
    if (bot || isOwnLogin(botLogin, { login: user.login, bot: true })) return []
    return [{ commentId, userId: user.databaseId, login: user.login, content, at: new Date(each.createdAt) }]
  })
}
