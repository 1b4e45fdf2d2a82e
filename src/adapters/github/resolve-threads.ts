import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
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
/** GitHub gives up on a document after 10 s, and runs its mutations one after the other. */
const mostAtOnce = 50

/**
 * One document with an alias per thread; it also brings the head, which saves asking for it before posting. A
 * thread that is gone or may not be resolved does not stop the others. Resolving twice is resolving once.
 */
export async function resolveThreads(
  deps: { call: Call; log: CallDeps['log'] },
  ref: PullRequestRef,
  threadIds: readonly string[],
): Promise<{ headSha: string; resolved: number }> {
  const ids = [...new Set(threadIds)]
  const heads: string[] = []
  for (let start = 0; start < ids.length; start += mostAtOnce)
    heads.push(...(await resolveBatch(deps.call, ref, ids.slice(start, start + mostAtOnce))))
  if (heads.length < ids.length)
    deps.log.warn(
      { resolved: heads.length, asked: ids.length },
      'Some review threads could not be resolved; GitHub demands contents: write for it (docs/github.md)',
    )
  // Mutations run in order: the last one that worked saw the newest head.
  return { headSha: heads.at(-1) ?? (await readHeadSha(deps.call, ref)), resolved: heads.length }
}

/** The pull request's head as each resolved thread saw it. */
async function resolveBatch(call: Call, ref: PullRequestRef, ids: readonly string[]): Promise<string[]> {
  const declared = ids.map((_, index) => `$t${index}: ID!`).join(', ')
  const fields = ids.map(
    (_, index) =>
      `t${index}: resolveReviewThread(input: { threadId: $t${index} }) { thread { pullRequest { headRefOid } } }`,
  )
  try {
    const { data } = await call.graphql(
      ref,
      {
        name: 'resolveThreads',
        kind: 'write',
        access: 'resolve',
        query: `mutation Resolve(${declared}) {\n  ${fields.join('\n  ')}\n}`,
        variables: Object.fromEntries(ids.map((id, index) => [`t${index}`, id])),
      },
      answer,
    )
    return ids.flatMap((_, index) => data?.[`t${index}`]?.thread?.pullRequest.headRefOid ?? [])
  } catch (error) {
    // The installation did not grant what resolving takes: its threads stay open and the review goes on.
    if (error instanceof Fault && error.code === 'github-forbidden') return []
    throw error
  }
}
