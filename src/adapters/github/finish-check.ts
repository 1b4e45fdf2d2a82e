import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { CheckOutcome } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import { capBody, capLine } from './cap-body.ts'
import { checkName } from './start-check.ts'

/** "Annotations are limited to 50 per API request"; each further request appends. */
const mostAnnotations = 50

/**
 * The request that completes the check is the last one, so a check that shows a conclusion has all of its
 * annotations. Repeating it after a lost answer may show an annotation twice, and does nothing worse.
 */
export async function finishCheck(
  call: Call,
  ref: PullRequestRef,
  checkId: number,
  outcome: CheckOutcome,
  now: Date,
): Promise<void> {
  const annotations = outcome.annotations.map(annotation => ({
    path: annotation.path,
    start_line: annotation.startLine,
    end_line: annotation.endLine,
    annotation_level: annotation.level,
    title: capLine(annotation.title),
    message: capBody(annotation.message, 15_000),
  }))
  const batches: (typeof annotations)[] = []
  for (let start = 0; start < annotations.length; start += mostAnnotations)
    batches.push(annotations.slice(start, start + mostAnnotations))
  const last = batches.pop() ?? []
  const output = { title: capLine(outcome.title), summary: capBody(outcome.summary) }
  const patch = (parameters: Record<string, unknown>) =>
    call.rest(
      ref,
      {
        name: 'finishCheck',
        kind: 'write',
        route: 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
        parameters: { check_run_id: checkId, name: checkName, ...parameters },
      },
      z.object({ id: z.number() }),
    )
  for (const batch of batches) await patch({ output: { ...output, annotations: batch } })
  await patch({
    status: 'completed',
    conclusion: outcome.conclusion,
    completed_at: now.toISOString(),
    output: { ...output, annotations: last },
  })
}
