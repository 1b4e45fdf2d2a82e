import type { FileChange } from '../../src/core/review/diff.ts'
import { changedLines, commentable, sameHunk } from '../../src/core/review/lines.ts'

interface Shown {
  path: string
  side: 'LEFT' | 'RIGHT'
  startLine: number
  line: number
  source: string
}

/** What is wrong with the JSON report of a change: nothing, if it keeps its promises. */
export function brokenPromises(stdout: string, files: readonly FileChange[]): string[] {
  const report = parse(stdout)
  if (report === undefined) return ['standard output is not one JSON object']
  const broken: string[] = []
  for (const finding of report.findings) {
    const at = `${finding.source} ${finding.path}:${finding.startLine}-${finding.line} ${finding.side}`
    const file = files.find(each => each.path === finding.path)
    if (file === undefined) broken.push(`${at}: no such file in the diff`)
    else if (!isCommentable(file, finding)) broken.push(`${at}: outside the diff`)
    else if (isAnalyser(finding.source) && !changedLines(file).includes(finding.line))
      broken.push(`${at}: not on a changed line`)
  }
  const listed = report.receipt.files.map(each => each.path).toSorted()
  const expected = [...new Set(files.map(each => each.path))].toSorted()
  if (JSON.stringify([...new Set(listed)]) !== JSON.stringify(expected))
    broken.push(`the receipt lists ${JSON.stringify(listed)}, the diff ${JSON.stringify(expected)}`)
  for (const step of report.receipt.steps)
    if (step.outcome !== 'ok') broken.push(`${step.name}: ${step.outcome} ${step.fault}`)
  return broken
}

function parse(stdout: string):
  | {
      findings: Shown[]
      receipt: {
        files: { path: string }[]
        steps: { name: string; outcome: string; fault?: string }[]
      }
    }
  | undefined {
  try {
    const value = JSON.parse(stdout)
    return Array.isArray(value?.findings) && Array.isArray(value?.receipt?.files) ? value : undefined
  } catch {
    return undefined
  }
}

function isCommentable(file: FileChange, { side, startLine, line }: Shown): boolean {
  const lines = commentable(file)[side]
  for (let at = startLine; at <= line; at++) if (!lines.has(at)) return false
  return sameHunk(file, side, startLine, line)
}

function isAnalyser(source: string): boolean {
  return /^(oxlint|ruff|secretlint|actionlint|ast-grep)\//.test(source)
}
