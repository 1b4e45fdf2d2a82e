import { z } from 'zod'

/** In order of preference: the first that exists is the configuration. */
export const configurationPaths = ['.github/cupel.yml', '.github/cupel.yaml'] as const
/** Conventions that teams already write down for coding tools. Short on purpose: each costs prompt tokens. */
export const instructionPaths = [
  'AGENTS.md',
  'CLAUDE.md',
  '.github/copilot-instructions.md',
  '.cursorrules',
] as const
const basePaths = [...configurationPaths, ...instructionPaths]

export const fileAlias = (path: string) => `f${(basePaths as readonly string[]).indexOf(path)}`

const pageInfo = 'pageInfo { hasPreviousPage startCursor }'
const written = 'fullDatabaseId body author { kind: __typename login }'
/** What is asked of the lists that may be longer than a page. */
export const lists = {
  reviewThreads: `{
    ${pageInfo}
    nodes { id isResolved isOutdated path diffSide line comments(first: 1) { nodes { id isMinimized minimizedReason ${written} } } }
  }`,
  reviews: `{ ${pageInfo} nodes { ${written} commit { oid } } }`,
  comments: `{ ${pageInfo} totalCount nodes { ${written} } }`,
} as const

/**
 * One call. Files come from the tip of the base branch by `Commit.file`, because the base branch's name is not
 * known before the call and `object(expression:)` would need it. A path that does not exist answers null *and*
 * an error of type NOT_FOUND at that alias, beside complete data. `fullDatabaseId`, because ids no longer fit
 * GraphQL's 32-bit Int. The summary is among the first comments unless Cupel was installed late, then among the last.
 */
export const pullRequestQuery = `query PullRequest($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      title
      body
      state
      isDraft
      isCrossRepository
      changedFiles
      baseRefOid
      baseRefName
      headRefOid
      headRefName
      author { kind: __typename login ... on User { databaseId } ... on Bot { databaseId } }
      labels(first: 100) { nodes { name } }
      baseRef {
        target {
          ... on Commit {
${basePaths.map(path => `            ${fileAlias(path)}: file(path: "${path}") { mode object { ... on Blob { text isBinary isTruncated } } }`).join('\n')}
          }
        }
      }
      reviewThreads(last: 100) ${lists.reviewThreads}
      reviews(last: 100) ${lists.reviews}
      firstComments: comments(first: 50) ${lists.comments}
      comments(last: 50) ${lists.comments}
    }
  }
}`

const actor = z
  .object({ kind: z.string(), login: z.string(), databaseId: z.number().nullish() })
  .transform(author => ({ ...author, bot: author.kind === 'Bot' }))
  .nullable()
/** A BigInt travels as a JSON string. */
const databaseId = z.union([z.string().regex(/^\d+$/).transform(Number), z.number()])
const nodes = <T extends z.ZodType>(node: T) =>
  z
    .object({ nodes: z.array(node.nullable()).nullable() })
    .transform(connection => (connection.nodes ?? []).filter(found => found !== null))
/** The end of a list; `before` is the cursor of what stands before it, null when nothing does. */
const ending = <T extends z.ZodType>(node: T) =>
  z
    .object({
      pageInfo: z.object({ hasPreviousPage: z.boolean(), startCursor: z.string().nullable() }),
      totalCount: z.number().optional(),
      nodes: z.array(node.nullable()).nullable(),
    })
    .transform(({ pageInfo: { hasPreviousPage, startCursor }, totalCount, nodes }) => ({
      nodes: (nodes ?? []).filter(found => found !== null),
      before: hasPreviousPage ? startCursor : null,
      totalCount: totalCount ?? 0,
    }))
const comment = z.object({ fullDatabaseId: databaseId, body: z.string(), author: actor })
export const listAnswers = {
  reviewThreads: ending(
    z.object({
      id: z.string(),
      isResolved: z.boolean(),
      isOutdated: z.boolean(),
      path: z.string(),
      diffSide: z.enum(['LEFT', 'RIGHT']),
      line: z.number().nullish(),
      comments: nodes(
        comment.extend({ id: z.string(), isMinimized: z.boolean(), minimizedReason: z.string().nullish() }),
      ),
    }),
  ),
  reviews: ending(comment.extend({ commit: z.object({ oid: z.string() }).nullable() })),
  comments: ending(comment),
} as const

const file = z
  .object({
    mode: z.number(),
    object: z
      .object({
        text: z.string().nullish(),
        isBinary: z.boolean().nullish(),
        isTruncated: z.boolean().nullish(),
      })
      .nullable(),
  })
  .nullable()

export const pullRequestAnswer = z.object({
  repository: z
    .object({
      pullRequest: z
        .object({
          title: z.string(),
          body: z.string(),
          state: z.enum(['OPEN', 'CLOSED', 'MERGED']),
          isDraft: z.boolean(),
          isCrossRepository: z.boolean(),
          changedFiles: z.number(),
          baseRefOid: z.string(),
          baseRefName: z.string(),
          headRefOid: z.string(),
          headRefName: z.string(),
          author: actor,
          labels: nodes(z.object({ name: z.string() })).nullish(),
          /** Null when the base branch was deleted. */
          baseRef: z.object({ target: z.record(z.string(), file).nullable() }).nullable(),
          reviewThreads: listAnswers.reviewThreads,
          reviews: listAnswers.reviews,
          firstComments: listAnswers.comments,
          comments: listAnswers.comments,
        })
        .nullable(),
    })
    .nullable(),
})
export type PullRequestAnswer = NonNullable<
  NonNullable<z.infer<typeof pullRequestAnswer>['repository']>['pullRequest']
>
