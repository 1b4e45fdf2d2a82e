import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { prometheusMissing, promtool } from '../support/prometheus.ts'
import { monitoring, rules } from './monitored.ts'
import { minutes, objectives, pairs, type Objective, type Pair } from './objectives.ts'

const each = objectives.map(objective => [objective.alert, objective] as const)
const windows = [...new Set(pairs.flatMap(({ long, short }) => [short, long]))].sort()

/** What an expression asks of ratios: every comparison, in its order, and what is left of the text without them. */
function asked(expr: string) {
  const comparison = /(\w+:\w+):ratio(\w+) > ([\d.]+)/g
  return {
    comparisons: [...expr.matchAll(comparison)].map(([, ratio, window, limit]) => ({
      ratio,
      window,
      limit: Number(limit),
    })),
    rest: expr.replaceAll(comparison, 'R'),
  }
}

describe.each(each)('%s', (alert, { ratio, allowed, least }) => {
  it('asks of each pair of windows the factor times what the objective allows', () => {
    for (const severity of ['page', 'ticket'] as const) {
      const [rule, ...others] = rules().filter(
        one => one.alert === alert && one.labels?.severity === severity,
      )
      expect(others).toEqual([])
      const { comparisons, rest } = asked(rule?.expr ?? '')
      const wanted = pairs.filter(pair => pair.severity === severity)
      expect(comparisons).toEqual(
        wanted.flatMap(({ factor, long, short }) =>
          [long, short].map(window => ({
            ratio,
            window,
            limit: expect.closeTo(factor * allowed, 10) as number,
          })),
        ),
      )
      const enough = (long: string) =>
        least === undefined ? '' : ` and cupel:reviews:increase${long} >= ${least}`
      expect(rest).toBe(
        severity === 'ticket' ? 'R and R' : wanted.map(({ long }) => `(R and R${enough(long)})`).join(' or '),
      )
    }
  })

  it('has a ratio of each window, which differ by the window alone', () => {
    const recorded = rules().filter(({ record }) => record?.startsWith(`${ratio}:ratio`))
    expect(recorded.map(({ record = '' }) => record.replace(`${ratio}:ratio`, '')).sort()).toEqual(windows)
    const shapes = recorded.map(({ record, expr }) =>
      expr.replaceAll(`[${record?.replace(`${ratio}:ratio`, '')}]`, '[WINDOW]'),
    )
    expect(new Set(shapes).size).toBe(1)
    expect(shapes[0]?.match(/\[[^\]]*\](?= *\))/g)).toEqual(['[WINDOW]', '[WINDOW]'])
  })
})

describe('CupelUptimeLow', () => {
  it('asks the same of shares that the gate makes of heartbeats, of which one in a thousand may be missing', () => {
    const found = rules().filter(({ alert }) => alert === 'CupelUptimeLow')
    const comparison = /max\(v2_downtime_ratio\{window="(\w+)"\}\) > ([\d.]+)/g
    const asks = found.map(({ expr, labels }) => ({
      severity: labels?.severity,
      limits: [...expr.matchAll(comparison)].map(([, window, limit]) => [window, Number(limit)]),
      rest: expr.replaceAll(comparison, 'R'),
    }))
    expect(asks).toEqual(
      (['page', 'ticket'] as const).map(severity => {
        const wanted = pairs.filter(pair => pair.severity === severity)
        return {
          severity,
          limits: wanted.flatMap(({ factor, long, short }) =>
            [long, short].map(window => [window, expect.closeTo(factor * 0.001, 10) as number]),
          ),
          rest: severity === 'ticket' ? 'R and R' : '(R and R) or (R and R)',
        }
      }),
    )
  })
})

const ALL = 10_000
const STEPS_OF_SHORT = 5

/** A promtool test: shares of bad ones by steps, one phase after the other, and whether anybody hears of the pair at the end. */
function history(
  { alert, series }: Objective,
  { severity, long, short }: Pair,
  name: string,
  phases: readonly (readonly [share: number, steps: number])[],
  heard: boolean,
): object {
  const step = minutes(short) / STEPS_OF_SHORT
  const bad = phases.flatMap(([share, steps]) => Array.from({ length: steps }, () => Math.round(share * ALL)))
  const counted = (per: (bad: number, all: number) => number): string => {
    let sum = 0
    return [0, ...bad.map(count => (sum += per(count, ALL)))].join(' ')
  }
  return {
    name: `${alert} ${long}: ${name}`,
    interval: `${step}m`,
    input_series: Object.entries(series).map(([one, per]) => ({ series: one, values: counted(per) })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}", alertstate="firing", severity="${severity}"})`,
        eval_time: `${bad.length * step}m`,
        exp_samples: heard ? [{ value: 1 }] : [],
      },
    ],
  }
}

function histories(objective: Objective, pair: Pair): object[] {
  const limit = pair.factor * objective.allowed
  const long = (minutes(pair.long) / minutes(pair.short)) * STEPS_OF_SHORT
  // Longer than a ticket waits.
  const more = 2
  // Before an hour that is bad the other page's six hours must not be.
  const quiet = [0, pair.long === '1h' ? 5 * long : 0] as const
  return [
    history(objective, pair, 'just above', [quiet, [limit * 1.03, long + more]], true),
    history(objective, pair, 'just below', [quiet, [limit * 0.97, long + more]], false),
    history(
      objective,
      pair,
      'bad, and good since the short window',
      [quiet, [limit * 1.3, long - STEPS_OF_SHORT], [0, STEPS_OF_SHORT + 1]],
      false,
    ),
    history(
      objective,
      pair,
      'bad in the short window alone',
      [
        [0, long],
        [Math.min(1, limit * 1.3), STEPS_OF_SHORT + 1],
      ],
      false,
    ),
  ]
}

const missing = prometheusMissing()

describe.skipIf(missing)(missing ?? 'promtool', () => {
  it.each(pairs.map(pair => [`${pair.long} and ${pair.short}`, pair] as const))(
    'hears of %s just above the limit, not just below it, and not of one window alone',
    (_, pair) => {
      const folder = mkdtempSync(join(tmpdir(), 'cupel-burn-rates-'))
      try {
        const file = join(folder, 'tests.yaml')
        const content = {
          rule_files: [`${monitoring}rules.yaml`],
          evaluation_interval: `${minutes(pair.short) / STEPS_OF_SHORT}m`,
          tests: objectives.flatMap(objective => histories(objective, pair)),
        }
        writeFileSync(file, JSON.stringify(content))
        expect(promtool('test', 'rules', file)).not.toContain('FAILED')
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
    120_000,
  )
})
