import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Agreement } from '../src/core/match/agreement.ts'

const rowsSchema = z
  .array(
    z.object({
      judge: z.string(),
      pr: z.string(),
      tool: z.string(),
      golden: z.array(z.object({ text: z.string(), severity: z.string().nullish() })),
      findings: z.array(z.string()),
      matches: z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative()])),
    }),
  )
  .superRefine((rows, context) => {
    for (const [index, row] of rows.entries())
      if (
        row.matches.some(([finding, issue]) => finding >= row.findings.length || issue >= row.golden.length)
      )
        context.addIssue({
          code: 'custom',
          path: [index, 'matches'],
          message: 'names a finding or issue that is not there',
        })
  })

/** One tool's findings on one pull request, with the pairs that one judge accepted. */
export type Row = z.infer<typeof rowsSchema>[number]
export type Pair = readonly [finding: number, issue: number]

/** Throws an Error that says what is wrong with the file. */
export function readRows(file: string): Row[] {
  const parsed = rowsSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (parsed.success) return parsed.data
  throw new Error(`${file} does not hold judged matches:\n${z.prettifyError(parsed.error)}`)
}

export function countAgreement(row: Row, pairs: readonly Pair[]): Agreement {
  const key = ([finding, issue]: Pair): number => finding * row.golden.length + issue
  const ours = new Set(pairs.map(key))
  const theirs = new Set(row.matches.map(key))
  const both = ours.intersection(theirs).size
  return {
    both,
    onlyMatcher: ours.size - both,
    onlyReference: theirs.size - both,
    neither: row.findings.length * row.golden.length - ours.union(theirs).size,
  }
}

export function sumAgreement(parts: Iterable<Agreement>): Agreement {
  const sum = { both: 0, onlyMatcher: 0, onlyReference: 0, neither: 0 }
  for (const part of parts) {
    sum.both += part.both
    sum.onlyMatcher += part.onlyMatcher
    sum.onlyReference += part.onlyReference
    sum.neither += part.neither
  }
  return sum
}
