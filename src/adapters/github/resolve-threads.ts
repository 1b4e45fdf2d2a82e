import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call, CallDeps } from './call.ts'
import { readHeadSha } from './read-head.ts'

const answer = z.record(
  z.string(),
  z
    .object({
      thread: z.object({ pullRequest: z.object({ headRefOid: z.string() }) }).nullable(),
    })
    .nullable(),
)
/** As many threads as one `pullRequest()` brings. */
const mostThreads = 100

/**
 * One document with an alias per thread; it also brings the head, which saves asking for it before posting. A
 * thread that is gone or may not be resolved does not stop the others. Resolving twice is resolving once.
 */
export async function resolveThreads(
  deps: { call: Call; log: CallDeps['log'] },
  ref: PullRequestRef,
  threadIds: readonly string[],
): Promise<{ headSha: string }> {
  const ids = [...new Set(threadIds)].slice(0, mostThreads)
  if (ids.length === 0) return { headSha: await readHeadSha(deps.call, ref) }
  const declared = ids.map((_, index) => `$t${index}: ID!`).join(', ')
  const fields = ids.map(
    (_, index) =>
      `t${index}: resolveReviewThread(input: { threadId: $t${index} }) { thread { pullRequest { headRefOid } } }`,
  )
  const { data, errors } = await deps.call.graphql(
    ref,
    {
      name: 'resolveThreads',
      kind: 'write',
      query: `mutation Resolve(${declared}) {\n  ${fields.join('\n  ')}\n}`,
      variables: Object.fromEntries(ids.map((id, index) => [`t${index}`, id])),
    },
    answer,
  )
  if (errors.length > 0)
    deps.log.warn({ skipped: errors.length, asked: ids.length }, 'Some review threads could not be resolved')
  // Mutations run in order: the last one that worked saw the newest head.
  const heads = ids.map((_, index) => data?.[`t${index}`]?.thread?.pullRequest.headRefOid)
  return { headSha: heads.findLast(head => head !== undefined) ?? (await readHeadSha(deps.call, ref)) }
}
