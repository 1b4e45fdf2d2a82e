import { afterAll, beforeAll, expect, test } from 'vitest'
import type pg from 'pg'
import { gateEvidence } from '../../../src/adapters/postgres/gate-evidence.ts'
import { recomputation } from '../../../src/adapters/postgres/gate-recomputation.ts'
import { gateSettings } from '../../../src/adapters/postgres/gate-settings.ts'
import { logMean } from '../../../src/core/gate/capital.ts'
import { decide } from '../../../src/core/gate/decide.ts'
import { addPullRequest, noGateEvidence, type GateEvidence } from '../../../src/core/gate/evidence.ts'
import { pullRequestOf, withRuns } from '../../../src/core/gate/outcome.ts'
import { logAbove, logBelow } from '../../../src/core/gate/mixture.ts'
import { logCertain } from '../../../src/core/gate/paired.ts'
import type { RecomputedFigure } from '../../../src/core/gate/recomputed.ts'
import type { GateEvidenceStore } from '../../../src/ports/gate.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import {
  addExperiment,
  addOutcomes,
  addRuns,
  addSamples,
  countsOf,
  type OutcomeRow,
  type RunRow,
} from '../../support/gate-rows.ts'

const start = Date.parse('2026-03-01T00:00:00.123Z')
const day = 86_400_000
const cases = 40

let database: TestDatabase
let owner: pg.Pool
let gate: pg.Pool
let samples: string[]
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  gate = database.pool('cupel_gate', 2)
  const random = generator(7)
  samples = await addSamples(
    owner,
    's',
    Array.from({ length: 400 }, () => new Date(start + random() * 60 * day)),
  )
})
afterAll(() => database.drop())

/** Mulberry32: 0 <= x < 1. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A trial as chance has it: hopeless, middling or faultless, with few, some or many pull requests. */
function randomTrial(random: () => number): { outcomes: OutcomeRow[]; runs: RunRow[] } {
  const whole = (below: number): number => Math.floor(random() * below)
  const pick = <T>(of: readonly T[]): T => of[whole(of.length)] as T
  const quality = pick([0.4, 0.8, 0.97, 1, 1, 1])
  const size = pick([0, 3, 40, 130, 130])
  const hits = (chance: number, issues: number, hunks: number) => {
    const found = Array.from({ length: issues }, () => random() < chance).filter(Boolean).length
    const alarms = Array.from({ length: hunks - issues }, () => random() > chance).filter(Boolean).length
    return { tp: found, fn: issues - found, fp: alarms, tn: hunks - issues - alarms }
  }
  const bySeverity = ({ tp, fn, fp }: { tp: number; fn: number; fp: number }) =>
    tp + fn + fp === 0 ? {} : { [pick(['high', 'low'] as const)]: { tp, fp, fn, tn: 0 } }
  const outcomes = samples.slice(0, size).map((sampleId): OutcomeRow => {
    const hunks = random() < 0.1 ? 0 : 1 + whole(6)
    const issues = Math.min(hunks, random() < 0.4 ? 1 + whole(2) : 0)
    const own = hits(quality, issues, hunks)
    const theirs = hits(0.75, issues, hunks)
    return {
      sampleId,
      language: pick(['Go', 'TypeScript']),
      changedLines: pick([20, 50, 51, 400, 401]),
      counts: countsOf({
        tp: own.tp,
        issues,
        audited: { ...own, unanswered: random() < (quality < 1 ? 0.1 : 0.002) ? 1 : 0 },
        auditedSeverity: bySeverity(own),
        volunteered:
          random() < 0.2 ? { right: whole(3), wrong: quality < 1 ? whole(2) : 0 } : { right: 0, wrong: 0 },
        authors: { [String(whole(8))]: 1 },
      }),
      baseline: countsOf({ audited: theirs, auditedSeverity: bySeverity(theirs) }),
    }
  })
  const runs = samples.slice(0, size === 130 ? 400 : size).map((sampleId): RunRow => {
    const state = random() < quality ? 'done' : pick(['degraded', 'failed'] as const)
    return {
      sampleId,
      state,
      latencyMs: state === 'failed' ? null : random() < quality ? 900 : 3_000 + whole(3),
      ...(state === 'failed' && {
        errorCode: pick(['model-unavailable', 'model-invalid', 'model-timeout', 'bug']),
      }),
      finishedAt: new Date(start + random() * 61 * day),
    }
  })
  return { outcomes, runs }
}

/** The evidence as a gate keeps it: outcome by outcome, then the runs. */
async function evidenceOf(
  store: GateEvidenceStore,
  id: string,
): Promise<{ evidence: GateEvidence; settings: Awaited<ReturnType<typeof gateSettings>> }> {
  const settings = await gateSettings(gate)
  let evidence = noGateEvidence
  for (const outcome of await store.outcomesAfter(id, '0', 10_000))
    evidence = addPullRequest(evidence, pullRequestOf(outcome), settings.thresholds)
  const runs = await store.runs(id, settings.thresholds.latencyMs - settings.overheadMs)
  return { evidence: withRuns(evidence, runs), settings }
}

test('SQL comes to the same figures and the same answer as the code, whatever the outcomes', async () => {
  const random = generator(20_261_124)
  const store = gateEvidence(gate)
  const answers: Record<string, number> = {}
  for (let index = 0; index < cases; index++) {
    const id = `e${index}`
    await addExperiment(owner, id)
    const trial = randomTrial(random)
    await addOutcomes(owner, id, trial.outcomes)
    await addRuns(owner, id, trial.runs)
    // Positions and promotions small enough that something can be proven; thresholds of all kinds.
    await owner.query('delete from gate.trials')
    await owner.query('insert into gate.trials (experiment_id, position) values ($1, $2)', [
      id,
      1 + (index % 4),
    ])
    await owner.query(
      `update gate.thresholds set accuracy = $1, latency_ms = $2, margin = $3, level = $4, gamma = $5, few_people = $6`,
      [
        0.95 - 0.1 * random(),
        index % 3 === 0 ? 3_001 : 3_000,
        0.05 + 0.1 * random(),
        0.1,
        1 + 3 * random(),
        index % 2 === 0,
      ],
    )
    if (index % 20 === 19)
      await owner.query(
        `with promoted as (
           insert into production.releases (id, kind, configuration_id, configuration, verdict_id)
           select 'promoted-' || $1, 'promoted', configuration_id, configuration, 'v' || $1 from production.releases
           where id = 'genesis' returning id
         ) insert into production.release_steps (release_id, step, share, reason, actor)
           select id, 'failed', 0, 'it had its day', 'test' from promoted`,
        [index],
      )
    const { evidence, settings } = await evidenceOf(store, id)
    const budget = await store.openTrial(id)
    const now = new Date(start + (index % 7 === 6 ? 60 : 61.5) * day)
    const verdict = decide(evidence, settings.thresholds, budget, now.getTime())
    const figures = await recomputation(gate).of(id, {
      sequence: '9223372036854775807',
      runsTo: 'infinity',
      at: now,
    })
    answers[verdict.answer] = (answers[verdict.answer] ?? 0) + 1
    const of = (name: string): RecomputedFigure => {
      const figure = figures.find(each => each.figure === name)
      if (!figure) throw new Error(`no figure ${name}`)
      return figure
    }
    for (const criterion of Object.values(verdict.criteria)) {
      const figure = of(criterion.name)
      expect([figure.n, figure.holds], `${id} ${criterion.name}`).toEqual([
        criterion.n,
        criterion.state === 'proven',
      ])
      close(figure.needed, verdict.needed.promote, id)
      close(figure.logFor, criterion.logFor, `${id} ${criterion.name}`)
      close(figure.logAgainst, criterion.logAgainst, `${id} ${criterion.name}`)
      close(figure.value, criterion.value, `${id} ${criterion.name}`)
    }
    const found = of('share of known issues found')
    expect(found.n).toBe(evidence.pool.n)
    close(found.logFor, logMean(evidence.pool.above), `${id} found`)
    expect(of('pull requests in which it says something else than production').value).toBe(evidence.differing)
    for (const [group, harms] of Object.entries(evidence.groups))
      for (const of of ['recall', 'precision'] as const) {
        const figure = figures.find(each => each.figure === `no harm: ${of} in ${group}`)
        expect(figure?.n ?? 0).toBe(harms[of].n)
        if (figure) close(figure.logAgainst, logCertain(harms[of].harmed), `${id} ${figure.figure}`)
      }
    expect(
      figures.every(figure => figure.holds),
      `${id} ${verdict.answer} ${JSON.stringify(figures.filter(each => !each.holds))}`,
    ).toBe(verdict.answer === 'promote')
  }
  expect(Object.keys(answers).toSorted()).toEqual(['promote', 'quarantine', 'wait'])
  expect(answers['promote']).toBeGreaterThan(2)
})

test.each([
  [0, 0],
  [1, 0],
  [1, 1],
  [88, 88],
  [500, 490],
  [2_000, 0],
  [5_000, 4_700],
  [20_000, 19_500],
])('the mixture’s e-values of %i runs, %i of them right, are those of the code', async (n, successes) => {
  for (const bound of [0.7, 0.95, 0.98]) {
    const { rows } = await owner.query<{ above: number; below: number }>(
      'select gate.log_above($1, $2, $3) as above, gate.log_below($1, $2, $3) as below',
      [bound, n, successes],
    )
    close(rows[0]?.above ?? null, logAbove(bound, { n, successes }), `above ${bound}`)
    close(rows[0]?.below ?? null, logBelow(bound, { n, successes }), `below ${bound}`)
  }
})

function close(actual: number | null, expected: number | null, what: string): void {
  if (actual === null || expected === null) expect(actual, what).toBe(expected)
  else expect(Math.abs(actual - expected), `${what}: ${actual} for ${expected}`).toBeLessThan(1e-9)
}
