import process from 'node:process'
import { accuracyOf, cohenKappa, spearman } from '../src/core/match/agreement.ts'
import { match } from '../src/core/match/match.ts'
import { countAgreement, type Pair, readRows, type Row, sumAgreement } from './matching-rows.ts'

/** `npm run -s bench:matching -- FILE [--json]`: how the matcher agrees with the judges of FILE. */
const [file, ...others] = process.argv.slice(2).filter(argument => argument !== '--json')
if (file === undefined || others.length > 0) {
  process.stderr.write('npm run -s bench:matching -- FILE [--json]\n')
  process.exitCode = 2
} else {
  try {
    report(readRows(file), process.argv.includes('--json'))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 2
  }
}

function report(rows: readonly Row[], json: boolean): void {
  const began = performance.now()
  const results = rows.map(row => ({
    row,
    pairs: match(
      row.findings.map(text => ({ text })),
      row.golden.map(({ text }) => ({ text })),
    ).map(({ finding, label }): Pair => [finding, label]),
  }))
  const seconds = (performance.now() - began) / 1000
  const counts = sumAgreement(results.map(({ row, pairs }) => countAgreement(row, pairs)))
  const { both, onlyMatcher, onlyReference, neither } = counts
  const { precision, recall, f1 } = accuracyOf(both, both + onlyMatcher, both + onlyReference)
  const tools = [...Map.groupBy(results, ({ row }) => row.tool)].map(([tool, own]) => {
    const claimed = own.reduce((sum, { row }) => sum + row.findings.length, 0)
    const real = own.reduce((sum, { row }) => sum + row.golden.length, 0)
    const score = (hits: number): number => accuracyOf(hits, claimed, real).f1 ?? 0
    return {
      tool,
      matcher: score(own.reduce((sum, { pairs }) => sum + pairs.length, 0)),
      judges: score(own.reduce((sum, { row }) => sum + row.matches.length, 0)),
    }
  })
  const figures = {
    kappa: orNull(cohenKappa(counts)),
    precision: orNull(precision),
    recall: orNull(recall),
    f1: orNull(f1),
    spearman: orNull(
      spearman(
        tools.map(tool => tool.matcher),
        tools.map(tool => tool.judges),
      ),
    ),
    rows: rows.length,
    pullRequests: new Set(rows.map(row => row.pr)).size,
    pairs: both + onlyMatcher + onlyReference + neither,
    ...counts,
    seconds: round(seconds),
    tools: tools
      .map(({ tool, matcher, judges }) => ({ tool, matcher: round(matcher), judges: round(judges) }))
      .sort((a, b) => b.judges - a.judges || (a.tool < b.tool ? -1 : 1)),
  }
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`)
  else {
    const { tools: ranking, ...plain } = figures
    for (const [name, value] of Object.entries(plain))
      process.stdout.write(`${name.padEnd(14)} ${value ?? 'undefined'}\n`)
    process.stdout.write(`\n${'F1 of a tool'.padEnd(14)} matcher  judges\n`)
    for (const { tool, matcher, judges } of ranking)
      process.stdout.write(
        `${tool.padEnd(14)} ${matcher.toFixed(3).padStart(7)} ${judges.toFixed(3).padStart(7)}\n`,
      )
  }
}

function orNull(value: number | undefined): number | null {
  return value === undefined ? null : round(value)
}

function round(value: number): number {
  return Number(value.toFixed(4))
}
