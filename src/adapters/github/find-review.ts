import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'
import { findNewestOwn } from './find-newest.ts'

export async function findReview(
  deps: { call: Call; botLogin: string },
  ref: PullRequestRef,
  marker: string,
): Promise<{ reviewId: number } | null> {
  const list = {
    name: 'findReview',
    route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
    parameters: { pull_number: ref.number },
  }
  const found = await findNewestOwn(deps, ref, list, marker)
  return found ? { reviewId: found.id } : null
}
