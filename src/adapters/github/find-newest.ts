import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'
import { lastPage } from './page-link.ts'
import { isOwnLogin } from './own-marks.ts'
import { restComment, type RestComment } from './rest-comment.ts'

/**
 * The newest comment or review by Cupel that holds `marker`. GitHub lists both oldest first, so the search goes
 * from the last page to the first: one request up to 100 entries.
 */
export async function findNewestOwn(
  deps: { call: Call; botLogin: string },
  ref: PullRequestRef,
  list: { name: string; route: string; parameters: Record<string, unknown> },
  marker: string,
): Promise<RestComment | null> {
  const page = async (number: number) => {
    const { name, route } = list
    const parameters = { ...list.parameters, per_page: 100, page: number }
    return deps.call.rest(ref, { name, kind: 'read', route, parameters }, z.array(restComment))
  }
  const search = (entries: readonly RestComment[]) =>
    entries.findLast(entry => isOwnLogin(deps.botLogin, entry.author) && entry.body.includes(marker))
  const first = await page(1)
  for (let number = lastPage(first.headers); number > 1; number--) {
    const found = search((await page(number)).data)
    if (found) return found
  }
  return search(first.data) ?? null
}
