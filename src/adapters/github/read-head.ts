import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'

const answer = z.object({ head: z.object({ sha: z.string() }) })

/** Asked right before posting: a 304 says the head is still the one last seen, for free. */
export async function readHeadSha(call: Call, ref: PullRequestRef): Promise<string> {
  const { data } = await call.rest(
    ref,
    {
      name: 'headSha',
      kind: 'read',
      route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}',
      parameters: { pull_number: ref.number },
      conditional: true,
    },
    answer,
  )
  return data.head.sha
}
