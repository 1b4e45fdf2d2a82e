/** A changed file of a pull request or commit range, as a diff tells it. */
export interface FileChange {
  path: string
  /** The old path of a rename or copy. */
  previousPath?: string
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'mode-only' | 'unchanged'
  /** Why there are no hunks although the file changed; 'none' when the hunks are all there is. */
  omitted: 'none' | 'binary' | 'too-large' | 'submodule' | 'symlink' | 'empty'
  /** Set when the patch text was cut or damaged: hunks hold what could be read. */
  damaged?: string
  additions: number
  deletions: number
  hunks: Hunk[]
}

export interface Hunk {
  oldStart: number
  oldLines: number
  newStart: number
  newLines: number
  /** The text git prints after the second @@. */
  section: string
  lines: DiffLine[]
}

/** One line of a hunk. Line numbers are 1-based; `text` has no line end (a CR of a CRLF file stays in it). */
export interface DiffLine {
  kind: 'context' | 'added' | 'removed'
  /** Line number on the LEFT side; absent for added lines. */
  oldLine?: number
  /** Line number on the RIGHT side; absent for removed lines. */
  newLine?: number
  text: string
  /** The "\ No newline at end of file" mark stood under this line. */
  noNewline?: boolean
}

export type Side = 'LEFT' | 'RIGHT'
