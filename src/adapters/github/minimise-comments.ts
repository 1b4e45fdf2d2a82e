import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'

const answer = z.record(
  z.string(),
  z.object({ minimizedComment: z.object({ isMinimized: z.boolean() }).nullable() }).nullable(),
)
/** GitHub gives up on a document after 10 s, and runs its mutations one after the other. */
const mostAtOnce = 50

/**
 * Hides comments as outdated: they stay, folded, for whoever wants to read them. One that is gone does not stop the others.
 * Doing it twice is doing it once. Answers how many are hidden now.
 */
export async function minimiseComments(
  call: Call,
  ref: PullRequestRef,
  nodeIds: readonly string[],
): Promise<number> {
  const ids = [...new Set(nodeIds)]
  let hidden = 0
  for (let start = 0; start < ids.length; start += mostAtOnce)
    hidden += await minimiseBatch(call, ref, ids.slice(start, start + mostAtOnce))
  return hidden
}

async function minimiseBatch(call: Call, ref: PullRequestRef, ids: readonly string[]): Promise<number> {
  const declared = ids.map((_, index) => `$c${index}: ID!`).join(', ')
  const fields = ids.map(
    (_, index) =>
      `c${index}: minimizeComment(input: { subjectId: $c${index}, classifier: OUTDATED }) { minimizedComment { isMinimized } }`,
  )
  const { data, errors, fault } = await call.graphql(
    ref,
    {
      name: 'minimiseComments',
      kind: 'write',
      query: `mutation Minimise(${declared}) {\n  ${fields.join('\n  ')}\n}`,
      variables: Object.fromEntries(ids.map((id, index) => [`c${index}`, id])),
    },
    answer,
  )
  const hidden = ids.filter((_, index) => data?.[`c${index}`]?.minimizedComment?.isMinimized).length
  // A comment that was deleted meanwhile needs no hiding; anything else is worth a fault.
  if (fault && !errors.every(error => error.type === 'NOT_FOUND'))
    throw new Fault(fault.code, `${ids.length - hidden} of ${ids.length} comments stay: ${fault.message}`, {
      retry: fault.retry,
      cause: fault,
    })
  return hidden
}
