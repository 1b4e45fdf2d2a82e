import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import pg from 'pg'
import { score } from '../jobs/gate/score.ts'
import { startEmbeddedPostgres } from '../sandbox/postgres.ts'
import { migrate } from '../src/adapters/postgres/migrate.ts'
import { openPool } from '../src/adapters/postgres/pool.ts'
import { sumsOf, newestMetrics } from '../src/adapters/postgres/published-experiments.ts'
import { roleUrl } from '../src/adapters/postgres/roles.ts'
import { scoring as scoringStore } from '../src/adapters/postgres/scoring.ts'
import { systemClock } from '../src/adapters/system/clock.ts'
import { matching } from '../src/core/match/likeness.ts'
import { type Benchmark, median, quantile, rounded } from './benchmark.ts'
import { randomFrom } from './pull-requests.ts'
import { copyOutcomes, EXPERIMENTS, FINDINGS_PER_RUN, growTo, openOf, TEMPLATE } from './scoring/rows.ts'

const SIZES = (process.env['BENCH_RUNS'] ?? '10000,100000,1000000').split(',').map(Number)
const LABELS = 200
const ENDS = 50
const SEED = 8_191

interface Step {
  runs: number
  /** From a label at its door to the outcomes of its sample, all experiments' runs. */
  labelMs: number[]
  /** From the end of a sample at its door to the figures of every experiment that ran on it. */
  finalMs: number[]
  /** What `cupel experiment show` reads. */
  showMs: number[]
}

export const scoring: Benchmark = {
  about: `a changed label among ${SIZES.join(', ')} stored runs with ${FINDINGS_PER_RUN} findings each`,
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'cupel-bench-'))
    const database = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true })
    const owner = new pg.Client({ connectionString: database.ownerUrl })
    const gate = openPool(roleUrl(database.ownerUrl, 'cupel_gate'), { max: 2 })
    const production = openPool(roleUrl(database.ownerUrl, 'cupel_production'), { max: 1 })
    const operator = openPool(roleUrl(database.ownerUrl, 'cupel_operator'), { max: 1 })
    try {
      await migrate(database.ownerUrl, () => {})
      await owner.connect()
      const deps = {
        scoring: scoringStore(gate),
        clock: systemClock,
        likeness: matching,
        log: { info: () => {}, warn: () => {}, error: (fields: object) => say(JSON.stringify(fields)) },
      }
      const random = randomFrom(SEED)
      const steps: Step[] = []
      let samples = 0
      let labels = 0
      let ends = 0
      let tallied = { outcomes: 0, seconds: 0 }
      for (const runs of SIZES) {
        const from = samples
        samples = Math.round(runs / EXPERIMENTS)
        const began = performance.now()
        await growTo(owner, from, samples)
        if (from === 0) await scoreTemplate(owner, deps)
        await copyOutcomes(owner, from, samples)
        await owner.query('vacuum analyze')
        await owner.query('checkpoint')
        const generated = seconds(began)
        const counting = performance.now()
        let outcomes = 0
        for (let finals = 1; finals > 0; outcomes += finals) finals = (await score(deps)).finals
        tallied = { outcomes, seconds: seconds(counting) }
        say(
          `${runs} runs: made in ${rounded(generated)} s, ${outcomes} final outcomes added up in ${rounded(tallied.seconds)} s`,
        )
        const { from: firstOpen, to } = openOf(from, samples)
        const anyOpen = (): string => `1/${firstOpen + Math.floor(random() * (to - firstOpen))}`
        const step: Step = { runs, labelMs: [], finalMs: [], showMs: [] }
        for (let round = 0; round < LABELS; round++) {
          const start = performance.now()
          await production.query(
            `select doors.submit_label($1, $2, $3, 'RIGHT', 11, 11, $4, 'correctness', 'high', $5, 'A', 0.9, $6, null, '{}')`,
            [
              `bench/${labels++}`,
              anyOpen(),
              `src/part${round % 5}.ts`,
              `Loop runs one element too far (${round})`,
              round % 2 === 0 ? 'real-issue' : 'not-an-issue',
              1_000 + (round % 7),
            ],
          )
          const done = await score(deps)
          if (done.samples !== 1) throw new Error(`${done.samples} samples were scored for one label`)
          step.labelMs.push(performance.now() - start)
        }
        for (let round = 0; round < ENDS; round++) {
          const sample = `1/${to - 1 - round}`
          const start = performance.now()
          await production.query(`select doors.end_sample($1, now() - interval '4 days', true)`, [sample])
          const done = await score(deps)
          step.finalMs.push(performance.now() - start)
          ends += done.finals
          if (done.finals > EXPERIMENTS) throw new Error(`${done.finals} outcomes became final at one end`)
        }
        for (let round = 0; round < 5; round++) {
          const start = performance.now()
          await Promise.all([
            sumsOf(operator, `experiment-${round}`),
            newestMetrics(operator, `experiment-${round}`),
          ])
          step.showMs.push(performance.now() - start)
        }
        say(JSON.stringify(summary(step)))
        steps.push(step)
      }
      const stored = await storedRows(owner)
      const [first, last] = [steps[0], steps.at(-1)]
      if (!first || !last) throw new Error('BENCH_RUNS names no size')
      const growth = (of: 'labelMs' | 'finalMs'): number => median(last[of]) / median(first[of])
      const among = `${last.runs} runs over ${first.runs}`
      return {
        bars: [
          { name: `time of a changed label, ${among}`, value: growth('labelMs'), unit: 'x', most: 3 },
          {
            name: `time of labels that become final, ${among}`,
            value: growth('finalMs'),
            unit: 'x',
            most: 3,
          },
        ],
        figures: {
          ...stored,
          experiments: EXPERIMENTS,
          curve: steps.map(summary),
          countedAtTheEnd: ends,
          outcomesAddedUpPerSecond: rounded(tallied.outcomes / tallied.seconds),
        },
      }
    } finally {
      await Promise.all([gate.end(), production.end(), operator.end(), owner.end()])
      await database.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Scores one sample for real; its texts are what all others are made of. */
async function scoreTemplate(owner: pg.Client, deps: Parameters<typeof score>[0]): Promise<void> {
  await owner.query('insert into gate.stale_samples (sample_id) values ($1)', [TEMPLATE])
  await score(deps)
}

function summary({ runs, labelMs, finalMs, showMs }: Step): object {
  return {
    runs,
    labelP50Ms: rounded(median(labelMs)),
    labelP95Ms: rounded(quantile(labelMs, 0.95)),
    finalP50Ms: rounded(median(finalMs)),
    finalP95Ms: rounded(quantile(finalMs, 0.95)),
    showMs: rounded(median(showMs)),
  }
}

async function storedRows(owner: pg.Client): Promise<Record<string, number>> {
  const { rows } = await owner.query<{ runs: number; findings: number; labels: number; megabytes: number }>(
    `select (select count(*)::int from experiments_v1.code_analyses) as runs,
       (select sum(json_array_length(findings))::int from experiments_v1.code_analyses) as findings,
       (select count(*)::int from gate.labels) as labels,
       (pg_database_size(current_database()) / 1000000)::int as megabytes`,
  )
  return { ...rows[0] }
}

function seconds(since: number): number {
  return (performance.now() - since) / 1_000
}
