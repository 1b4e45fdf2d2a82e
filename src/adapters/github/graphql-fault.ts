import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import { resumeAt, type FaultContext } from './github-fault.ts'

export const graphqlError = z.looseObject({
  type: z.string().optional(),
  message: z.string().default(''),
  path: z.array(z.union([z.string(), z.number()])).optional(),
})
export type GraphqlError = z.infer<typeof graphqlError>

/** GraphQL answers 200 with its errors inside: the worst of them decides. `errors` must not be empty. */
export function graphqlFault(
  errors: readonly GraphqlError[],
  headers: Readonly<Record<string, string | number | undefined>>,
  context: FaultContext,
): Fault {
  const text = errors
    .map(error => error.message)
    .join('; ')
    .slice(0, 2_000)
  const said = `GitHub's GraphQL answered: ${text}`
  const has = (type: string) => errors.some(error => error.type === type)
  if (has('RATE_LIMITED') || has('RATE_LIMIT') || errors.some(error => /rate limit/i.test(error.message)))
    return new Fault('github-rate-limited', said, { retry: 'later', retryAt: resumeAt(headers, context) })
  if (has('FORBIDDEN') || has('INSUFFICIENT_SCOPES'))
    return new Fault('github-forbidden', said, { retry: 'never' })
  if (has('NOT_FOUND')) return new Fault('github-not-found', said, { retry: 'never' })
  if (errors.some(error => /something went wrong|timeout|timed out/i.test(error.message)))
    return new Fault('github-unavailable', said, { retry: 'soon', ambiguous: context.write })
  return new Fault('github-unprocessable', said, { retry: 'never' })
}
