import type { AnalysedFile } from '../../ports/analyser.ts'

const directive = /\b(eslint-disable|oxlint-disable|noqa\b|nosec\b|ruff:\s*noqa|flake8:\s*noqa)/i

/**
 * A pull request cannot silence the tools that review it: directives on lines it changed are made
 * inert (same length, so columns hold). Directives that were there before stay in force.
 */
export function withoutNewDirectives(file: AnalysedFile): AnalysedFile {
  if (!directive.test(file.contents)) return file
  const changed = new Set(file.changedLines)
  const lines = file.contents
    .split('\n')
    .map((line, index) =>
      changed.has(index + 1)
        ? line.replace(/\b(eslint|oxlint)-(disable)/gi, '$1_$2').replace(/\bnoqa\b/gi, 'n_qa')
        : line,
    )
  return { ...file, contents: lines.join('\n') }
}

/** Whether the author says on the line, or the one above, that it is meant: honoured outside security. */
export function isSuppressed(lines: readonly string[], line: number): boolean {
  const above = lines[line - 2] ?? ''
  return directive.test(lines[line - 1] ?? '') || (/-disable-next-line/.test(above) && directive.test(above))
}
