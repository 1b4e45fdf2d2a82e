import type { FileChange } from '../../src/core/review/diff.ts'
import { listedChange } from '../../src/core/review/diff-listed.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import type { PullRequestRef } from '../../src/core/pull-request.ts'
import type { CodeHostReader, PullRequestView } from '../../src/ports/code-host.ts'

/** Contents are asked for at most for this many files: one call's worth for the files that a review may look at. */
export interface SnapshotLimits {
  files: number
  fileBytes: number
}

export type Listing = Awaited<ReturnType<CodeHostReader['files']>>

/** What the review may look at: the changed files, and the head contents of those that are reviewed. */
export async function loadSnapshot(
  reader: Pick<CodeHostReader, 'blobs'>,
  ref: PullRequestRef,
  view: PullRequestView,
  listing: Listing,
  limits: SnapshotLimits,
  includes: (path: string) => boolean,
): Promise<Snapshot> {
  const files = listing.files.map(listedChange)
  const wanted = files
    .filter(file => hasReadableHead(file) && includes(file.path))
    .slice(0, limits.files)
    .map(file => file.path)
  const blobs = wanted.length === 0 ? [] : await reader.blobs(ref, view.headSha, wanted)
  return {
    repository: { id: ref.repositoryId, owner: ref.owner, name: ref.repo },
    pullRequest: {
      number: ref.number,
      title: view.title,
      body: view.body,
      author: view.author.login,
      baseSha: view.baseSha,
      headSha: view.headSha,
    },
    files,
    filesTruncated: listing.truncated,
    contents: new Map(
      blobs.flatMap(({ path, text, bytes }) =>
        text !== null && bytes <= limits.fileBytes ? [[path, text]] : [],
      ),
    ),
    instructions: view.instructions,
  }
}

function hasReadableHead(file: FileChange): boolean {
  return file.status !== 'removed' && file.omitted === 'none' && file.hunks.length > 0
}
