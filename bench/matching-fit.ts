import process from 'node:process'
import { type Agreement, cohenKappa } from '../src/core/match/agreement.ts'
import { match } from '../src/core/match/match.ts'
import { compareTexts, type Likeness } from '../src/core/match/similarity.ts'
import { readTerms } from '../src/core/match/terms.ts'
import type { Model } from '../src/core/match/weights.ts'
import { type Case, fitLogistic } from './matching-logistic.ts'
import { countAgreement, readRows, type Row, sumAgreement } from './matching-rows.ts'
import { randomFrom } from './pull-requests.ts'

/**
 * `node bench/matching-fit.ts FILE`: fits the weights of src/core/match/weights.ts, and says what such a fit is worth
 * on pull requests and repositories that it did not see. Prints one JSON object.
 */
const parts = ['cosine', 'behind', 'bm25'] as const satisfies (keyof Likeness)[]
/** 0.05 to 0.75. */
const thresholds = Array.from({ length: 36 }, (_, step) => 0.05 + step * 0.02)

interface Judged {
  row: Row
  cases: Case[]
}

function judge(row: Row): Judged {
  const likeness = compareTexts(
    row.findings.map(readTerms),
    row.golden.map(issue => readTerms(issue.text)),
  )
  const accepted = new Set(row.matches.map(([finding, issue]) => `${finding} ${issue}`))
  const cases = row.findings.flatMap((_, finding) =>
    row.golden.map((_, issue) => {
      const alike = likeness(finding, issue)
      return { features: parts.map(part => alike[part]), yes: accepted.has(`${finding} ${issue}`) }
    }),
  )
  return { row, cases }
}

function fit(rows: readonly Judged[], used: readonly string[]): Model {
  const { intercept, slopes } = fitLogistic(
    rows
      .flatMap(row => row.cases)
      .map(({ features, yes }) => ({
        features: features.filter((_, part) => used.includes(parts[part] as string)),
        yes,
      })),
  )
  const slope = (part: string): number => slopes[used.indexOf(part)] ?? 0
  const model = {
    intercept,
    cosine: slope('cosine'),
    behind: slope('behind'),
    bm25: slope('bm25'),
    threshold: 0,
  }
  return { ...model, threshold: chooseThreshold(agreements(rows, model)) }
}

/** Agreement over all rows at each threshold. Pairs are taken best first, so a higher threshold only cuts the tail. */
function agreements(rows: readonly Judged[], model: Model): Agreement[] {
  const scored = rows.map(({ row }) => ({
    row,
    matches: match(
      row.findings.map(text => ({ text })),
      row.golden.map(({ text }) => ({ text })),
      { ...model, threshold: 0 },
    ),
  }))
  return thresholds.map(threshold =>
    sumAgreement(
      scored.map(({ row, matches }) =>
        countAgreement(
          row,
          matches
            .filter(({ score }) => score >= threshold)
            .map(({ finding, label }) => [finding, label] as const),
        ),
      ),
    ),
  )
}

/** Middle of the five neighbours with the highest mean kappa: a single peak is luck. */
function chooseThreshold(byThreshold: readonly Agreement[]): number {
  const kappas = byThreshold.map(counts => cohenKappa(counts) ?? 0)
  const smooth = kappas.map((_, at) =>
    at < 2 || at > kappas.length - 3
      ? 0
      : kappas.slice(at - 2, at + 3).reduce((sum, kappa) => sum + kappa, 0),
  )
  return thresholds[smooth.indexOf(Math.max(...smooth))] as number
}

/** Each group judged by a model that was fitted, threshold included, on the other groups. */
function crossValidate(
  rows: readonly Judged[],
  groupOf: (row: Row) => string,
  used: readonly string[],
): Agreement[] {
  const groups = Map.groupBy(rows, ({ row }) => groupOf(row))
  return [...groups].map(([, held]) => {
    const model = fit(
      rows.filter(row => !held.includes(row)),
      used,
    )
    return agreements(held, model)[thresholds.indexOf(model.threshold)] as Agreement
  })
}

function kappaOf(parts: readonly Agreement[]): number {
  return cohenKappa(sumAgreement(parts)) ?? Number.NaN
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function deviation(values: readonly number[]): number {
  return Math.sqrt(mean(values.map(value => (value - mean(values)) ** 2)))
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map(item => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

function report(rows: readonly Judged[]): Record<string, unknown> {
  const pulls = [...new Set(rows.map(({ row }) => row.pr))]
  const byPull = crossValidate(rows, row => row.pr, parts)
  const random = randomFrom(1)
  const resampled = Array.from({ length: 1_000 }, () =>
    kappaOf(pulls.map(() => byPull[Math.floor(random() * byPull.length)] as Agreement)),
  )
  const folds = Array.from({ length: 10 }, () => {
    const fold = new Map(shuffled(pulls, random).map((pull, at) => [pull, String(at % 5)]))
    return crossValidate(rows, row => fold.get(row.pr) ?? '', parts)
  }).flat()
  const foldKappas = folds.map(fold => kappaOf([fold]))
  // Copies of one project under several owners (`sentry`, `sentry-greptile`) are one repository here.
  const repository = (row: Row): string => /^https:\/\/[^/]+\/[^/]+\/([^/-]+)/.exec(row.pr)?.[1] ?? row.pr
  return {
    weights: fit(rows, parts),
    leaveOnePullRequestOut: kappaOf(byPull),
    standardErrorOverPullRequests: deviation(resampled),
    tenTimesFiveFolds: { mean: mean(foldKappas), deviation: deviation(foldKappas), pooled: kappaOf(folds) },
    leaveOneRepositoryOut: kappaOf(crossValidate(rows, repository, parts)),
    byPullRequest: Object.fromEntries(
      pulls.map((pull, at) => [pull, cohenKappa(byPull[at] as Agreement) ?? null]),
    ),
    fewerParts: Object.fromEntries(
      [['cosine'], ['bm25'], ['cosine', 'bm25'], ['cosine', 'behind']].map(used => [
        used.join(' + '),
        kappaOf(crossValidate(rows, row => row.pr, used)),
      ]),
    ),
  }
}

const [file] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('node bench/matching-fit.ts FILE\n')
  process.exitCode = 2
} else process.stdout.write(`${JSON.stringify(report(readRows(file).map(judge)), null, 2)}\n`)
