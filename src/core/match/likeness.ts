import type { Likeness, Statement } from '../label.ts'
import { MAX_PAIRS, matchRead, read, scorePairs, type Read } from './match.ts'
import { weights, type Model } from './weights.ts'

/**
 * Whether two statements that do not compete for a label mean the same: how far one is behind the other says nothing
 * then, and more likely than not is enough. Chosen, not fitted; they must share a line besides.
 */
const sameIssue: Model = { ...weights, behind: 0, threshold: 0.5 }

/** What scoring compares statements by: the matcher, for findings with labels and for statements among themselves. */
export const matching: Likeness = { group, to }

function shareLines(a: Statement, b: Statement): boolean {
  return a.path === b.path && a.side === b.side && a.startLine <= b.line && b.startLine <= a.line
}

/** What is alike word for word on the same lines is one thing however often it was said. */
function keyOf({ path, side, startLine, line, text }: Statement): string {
  return JSON.stringify([path, side, startLine, line, text])
}

/**
 * Complete linkage, likest first: nobody is put together with a statement they are not alike to. Statements that share
 * no line stay apart however they read: a rule that is broken on two neighbouring lines is broken twice, and two
 * groups for one issue do less harm (its hunk counts once) than one group for two, whose votes would contradict.
 */
function group(statements: readonly Statement[]): number[][] {
  const same = [...Map.groupBy(statements.keys(), index => keyOf(statements[index] as Statement)).values()]
  const first = same.map(indices => statements[indices[0] as number] as Statement)
  const likest = alikePairs(first)
  const alike = new Set(likest.map(({ a, b }) => `${a} ${b}`))
  const groupOf = first.map((_, index) => [index])
  for (const { a, b } of likest) {
    const [one, other] = [groupOf[a] as number[], groupOf[b] as number[]]
    if (one === other) continue
    const fits = one.every(x => other.every(y => alike.has(`${Math.min(x, y)} ${Math.max(x, y)}`)))
    if (!fits) continue
    one.push(...other)
    for (const index of other) groupOf[index] = one
  }
  return [...new Set(groupOf)].map(indices =>
    indices.flatMap(index => same[index] as number[]).sort((x, y) => x - y),
  )
}

/** a < b; likest first, ties by contents. */
function alikePairs(statements: readonly Statement[]): { a: number; b: number; score: number }[] {
  const texts = statements.map(read)
  const best = new Map<string, { a: number; b: number; score: number }>()
  for (const { from, rows } of slices(texts, texts.length)) {
    const score = scorePairs(rows, texts, sameIssue)
    for (const row of rows.keys())
      for (const column of texts.keys()) {
        const [a, b] = [Math.min(from + row, column), Math.max(from + row, column)]
        if (a === b || !shareLines(statements[a] as Statement, statements[b] as Statement)) continue
        const known = best.get(`${a} ${b}`)?.score ?? sameIssue.threshold
        // Which of the two is the shorter must not matter.
        if (score(row, column) >= known) best.set(`${a} ${b}`, { a, b, score: score(row, column) })
      }
  }
  const keys = statements.map(keyOf)
  const keyed = ({ a, b }: { a: number; b: number }) =>
    [keys[a] as string, keys[b] as string].sort().join('\n')
  return [...best.values()].sort((x, y) => y.score - x.score || (keyed(x) < keyed(y) ? -1 : 1))
}

/**
 * Each label to the finding that means it most, as the matcher was fitted and judged. What is left over repeats what
 * another said when it shares a line with a label and reads like it: it takes that label too.
 */
function to(labels: readonly Statement[]): (findings: readonly Statement[]) => (number | null)[] {
  const known = labels.map(read)
  return findings => {
    const meant: (number | null)[] = findings.map(() => null)
    if (known.length === 0) return meant
    for (const { from, rows } of slices(findings.map(read), known.length)) {
      for (const { finding, label } of matchRead(rows, known)) meant[from + finding] = label
      const rest = [...rows.keys()].filter(row => meant[from + row] === null)
      const score = scorePairs(
        rest.map(row => rows[row] as Read),
        known,
        sameIssue,
      )
      for (const [index, row] of rest.entries()) {
        let best = sameIssue.threshold
        for (const [label, statement] of labels.entries()) {
          const of = score(index, label)
          if (of < best || !shareLines(findings[from + row] as Statement, statement)) continue
          meant[from + row] = label
          best = of
        }
      }
    }
    return meant
  }
}

/** So many at once as the matcher takes against that many; more than one slice only of what somebody made to be large. */
function* slices(all: readonly Read[], against: number): Generator<{ from: number; rows: readonly Read[] }> {
  const most = Math.max(1, Math.floor(MAX_PAIRS / Math.max(1, against)))
  for (let from = 0; from < all.length; from += most) yield { from, rows: all.slice(from, from + most) }
}
