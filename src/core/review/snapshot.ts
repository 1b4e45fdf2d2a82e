import type { FileChange } from './diff.ts'

/** Everything a review may look at. All of its text is untrusted. */
export interface Snapshot {
  repository: { id: number; owner: string; name: string }
  pullRequest: {
    number: number
    title: string
    body: string
    author: string
    baseSha: string
    headSha: string
  }
  files: FileChange[]
  /** True when the code host had more changed files than were read. */
  filesTruncated: boolean
  /** Head contents of changed text files by path; a file missing here could not be read or was too large. */
  contents: ReadonlyMap<string, string>
  /** AGENTS.md-like files of the base branch. */
  instructions: readonly { path: string; text: string }[]
}
