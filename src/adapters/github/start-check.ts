import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'

export const checkName = 'Cupel'
const created = z.object({ id: z.number() })
const listed = z.object({
  check_runs: z.array(
    z.object({
      id: z.number(),
      external_id: z.string().nullable(),
      app: z.object({ slug: z.string().optional() }).nullable(),
    }),
  ),
})

/**
 * `mayExist`: this key was perhaps used before (a second attempt of a job), so look first. A first attempt does
 * not look, which saves a call; its own lost answer is looked for before creating once more.
 */
export async function startCheck(
  deps: { call: Call; botLogin: string },
  ref: PullRequestRef,
  headSha: string,
  externalId: string,
  options: { startedAt: Date; mayExist: boolean },
): Promise<{ checkId: number }> {
  const create = async () => {
    const { data } = await deps.call.rest(
      ref,
      {
        name: 'startCheck',
        kind: 'write',
        route: 'POST /repos/{owner}/{repo}/check-runs',
        parameters: {
          name: checkName,
          head_sha: headSha,
          status: 'in_progress',
          external_id: externalId,
          started_at: options.startedAt.toISOString(),
        },
      },
      created,
    )
    return { checkId: data.id }
  }
  const lookUp = () => findCheck(deps, ref, headSha, externalId)
  if (options.mayExist) {
    const found = await lookUp()
    if (found) return found
  }
  try {
    return await create()
  } catch (error) {
    if (!(error instanceof Fault) || !error.ambiguous) throw error
    return (await lookUp()) ?? (await create())
  }
}

async function findCheck(
  deps: { call: Call; botLogin: string },
  ref: PullRequestRef,
  headSha: string,
  externalId: string,
): Promise<{ checkId: number } | null> {
  const { data } = await deps.call.rest(
    ref,
    {
      name: 'findCheck',
      kind: 'read',
      route: 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
      parameters: { ref: headSha, check_name: checkName, filter: 'all', per_page: 100 },
    },
    listed,
  )
  const slug = deps.botLogin.replace(/\[bot\]$/, '')
  const own = data.check_runs.find(run => run.external_id === externalId && run.app?.slug === slug)
  return own ? { checkId: own.id } : null
}
