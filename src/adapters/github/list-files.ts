import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { ListedFile } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import { inParallel } from './in-parallel.ts'
import { lastPage } from './page-link.ts'

/** GitHub lists no more: "Responses include a maximum of 3000 files". */
const mostFiles = 3000
const perPage = 100

const listed = z.array(
  z
    .object({
      filename: z.string(),
      previous_filename: z.string().optional(),
      status: z.string(),
      additions: z.number(),
      deletions: z.number(),
      changes: z.number(),
      patch: z.string().optional(),
      sha: z.string().nullable(),
    })
    .transform((file): ListedFile => ({
      path: file.filename,
      ...(file.previous_filename !== undefined && { previousPath: file.previous_filename }),
      status: file.status,
      additions: file.additions,
      deletions: file.deletions,
      changes: file.changes,
      ...(file.patch !== undefined && { patch: file.patch }),
      blobSha: file.sha,
    })),
)

/**
 * One conditional request per 100 files; pages after the first, four at a time. `truncated` is also true for a
 * pull request of exactly 3,000 files: the list cannot tell, and a receipt that claims less is the honest one.
 */
export async function listFiles(
  call: Call,
  ref: PullRequestRef,
): Promise<{ files: ListedFile[]; truncated: boolean }> {
  const page = (number: number) =>
    call.rest(
      ref,
      {
        name: 'files',
        kind: 'read',
        route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
        parameters: { pull_number: ref.number, per_page: perPage, page: number },
        conditional: true,
      },
      listed,
    )
  const first = await page(1)
  const pages = Math.min(lastPage(first.headers), mostFiles / perPage)
  const numbers = Array.from({ length: pages - 1 }, (_, index) => index + 2)
  const rest = await inParallel(4, numbers, page)
  const files = [first, ...rest].flatMap(answer => answer.data).slice(0, mostFiles)
  return { files, truncated: files.length >= mostFiles }
}
