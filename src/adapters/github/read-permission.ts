import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { CodeHostReader } from '../../ports/code-host.ts'
import type { Call } from './call.ts'

type Permission = Awaited<ReturnType<CodeHostReader['permission']>>
const known: readonly string[] = ['admin', 'maintain', 'write', 'triage', 'read', 'none']
const answer = z.object({ permission: z.string(), role_name: z.string().optional() })

/**
 * `role_name` knows triage and maintain, but names custom roles by their own name; those fall back to
 * `permission`, which is their base role. Whoever GitHub does not know, or will not speak of, may do nothing.
 */
export async function readPermission(call: Call, ref: PullRequestRef, login: string): Promise<Permission> {
  try {
    const { data } = await call.rest(
      ref,
      {
        name: 'permission',
        kind: 'read',
        route: 'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
        parameters: { username: login },
      },
      answer,
    )
    const word = data.role_name && known.includes(data.role_name) ? data.role_name : data.permission
    return known.includes(word) ? (word as Permission) : 'none'
  } catch (error) {
    if (error instanceof Fault && (error.code === 'github-not-found' || error.code === 'github-forbidden'))
      return 'none'
    throw error
  }
}
