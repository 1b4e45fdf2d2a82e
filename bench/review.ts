import { setTimeout as sleep } from 'node:timers/promises'
import { modelName } from '../src/core/review/route.ts'
import { genesisModelsConfiguration } from '../src/core/genesis.ts'
import type { Configuration } from '../src/core/configuration.ts'
import { coalesceMs } from '../src/core/schedule.ts'
import type { Latency } from '../sandbox/models/reply.ts'
import { replay, upToPosting } from './bare-client.ts'
import { type Bar, type Benchmark, median, quantile, rounded } from './benchmark.ts'
import { startPlatform, type Platform } from './platform.ts'
import { beyondDiff } from './prompts.ts'
import { drawShape, markedReviewer, randomFrom, type Shape } from './pull-requests.ts'
import { prepare, reviewAll, type Prepared, type Timed } from './reviewing.ts'

/** BENCH_SCALE: for a longer run. BENCH_ROWS: the techniques to measure, comma between; default all. */
const SCALE = Number(process.env['BENCH_SCALE'] ?? 1)
const ROWS = process.env['BENCH_ROWS']?.split(',')
const OVERHEAD_REVIEWS = 40
const MAIN_REVIEWS = 48
const OTHER_REVIEWS = 20
/** Several reviews at a time, as their models take two to ten seconds; not so many that two cores are full. */
const OPEN_EVERY_MS = 800
const GITHUB_DELAY_MS = 60
const SEED = 20_261_124

const realistic: Latency = {
  firstTokenMs: [300, 800],
  perPromptTokenMs: 0.1,
  tokensPerSecond: 80,
  seed: SEED,
}

const models = { openai: 'gpt-6.1-terra', anthropic: 'claude-sonnet-5-5' }
const perFile = genesisModelsConfiguration({ ...models, anthropic: null })!
const both = genesisModelsConfiguration(models)!
const withTechnique = (technique: Partial<Configuration['technique']>): Configuration => ({
  ...perFile,
  technique: { ...perFile.technique, ...technique },
})

const techniques = {
  'per-file': perFile,
  'single-pass': withTechnique({ pass: 'single-pass' }),
  'self-check': withTechnique({ selfCheck: true }),
  'analysers-first': withTechnique({ analysersFirst: true }),
  ensemble: { ...both, routing: { ...both.routing, strategy: 'ensemble' } as Configuration['routing'] },
  adaptive: both,
}
type Technique = keyof typeof techniques
const promised: readonly string[] = ['per-file', 'single-pass'] satisfies Technique[]

export const review: Benchmark = {
  about: 'webhook to posted review, with a stub GitHub and stub models',
  async run(say) {
    const platform = await startPlatform(markedReviewer)
    try {
      await platform.release('warm', perFile)
      await reviewAll(
        platform,
        await prepare(platform, 'warm', randomFrom(1), [shapeOf(3), shapeOf(20)]),
        'one by one',
      )
      const bars: Bar[] = []
      const figures: Record<string, unknown> = {}
      const first = await callsOfFirstReview(platform)

      const overhead = await measureOverhead(platform, say)
      figures['overhead'] = overhead.figures
      bars.push(...overhead.bars)

      for (const [name, configuration] of Object.entries(techniques)) {
        if (ROWS?.includes(name) === false) continue
        const count = promised.includes(name) ? MAIN_REVIEWS : OTHER_REVIEWS
        const row = await measureTechnique(platform, name, configuration, count * SCALE)
        figures[name] = row.figures
        if (promised.includes(name))
          bars.push({
            name: `p95, ${name}, models as slow as real ones`,
            value: row.p95Ms,
            unit: 'ms',
            most: 3_000,
          })
        bars.push({
          name: `prompt beyond 1.3 times its diff, ${name}`,
          value: row.mostBeyondDiff,
          unit: 'tokens',
          most: 1_500,
        })
        say(`${name}: ${JSON.stringify(row.figures)}`)
      }

      if (ROWS === undefined) {
        platform.github.faults.add({ delayMs: GITHUB_DELAY_MS, times: Infinity })
        const slow = await measureTechnique(platform, 'slow-github', perFile, OTHER_REVIEWS * SCALE)
        platform.github.faults.clear()
        figures[`per-file, ${GITHUB_DELAY_MS} ms more for each GitHub call`] = slow.figures
        say(`slow GitHub: ${JSON.stringify(slow.figures)}`)
      }

      bars.push({
        name: 'GitHub calls, first review of 100 files',
        value: first.calls,
        unit: 'calls',
        most: 8,
      })
      bars.push({ name: 'GitHub calls, a push', value: await first.callsOfPush(), unit: 'calls', most: 8 })
      if (platform.github.validationErrors.length > 0)
        throw new Error(`GitHub would refuse: ${platform.github.validationErrors[0]?.message}`)
      return { bars, figures }
    } finally {
      await platform.close()
    }
  },
}

function shapeOf(files: number): Shape {
  return { files, changedLines: files * 40, findings: 4 }
}

/** Models answer at once: what is left is Cupel, the stub GitHub, and the analysers where they run. */
async function measureOverhead(
  platform: Platform,
  say: (line: string) => void,
): Promise<{ bars: Bar[]; figures: object }> {
  const random = randomFrom(SEED)
  const shapes = Array.from({ length: OVERHEAD_REVIEWS * SCALE }, () => drawShape(random))
  const kinds = { bare: { ...perFile, analysers: [] }, analysers: perFile }
  const prepared = {
    bare: await prepare(platform, 'bare', randomFrom(SEED), shapes),
    analysers: await prepare(platform, 'analysers', randomFrom(SEED), shapes),
  }
  const rows = { bare: [] as Timed[], analysers: [] as Timed[] }
  const stubMs: number[] = []
  // In turns, so that what the machine does besides meets all alike.
  for (const at of shapes.keys()) {
    for (const kind of ['bare', 'analysers'] as const) {
      await platform.release(`${kind}-${at}`, kinds[kind])
      const from = platform.github.requests.length
      rows[kind].push(...(await reviewAll(platform, [prepared[kind][at]!], 'one by one')))
      if (kind === 'bare')
        stubMs.push(await replay(platform.github, upToPosting(platform.github.requests.slice(from))))
    }
  }
  const figures = {
    withoutAnalysers: summary(rows.bare),
    withAnalysers: summary(rows.analysers),
    sameCallsByABareClient: spread(stubMs),
  }
  say(`overhead: ${JSON.stringify(figures)}`)
  return {
    figures,
    bars: [
      { name: 'p95, models at 0 ms, no analysers', value: p95(rows.bare), unit: 'ms', most: 150 },
      { name: 'p95, models at 0 ms, with analysers', value: p95(rows.analysers), unit: 'ms', most: 1_000 },
    ],
  }
}

async function measureTechnique(
  platform: Platform,
  name: string,
  configuration: Configuration,
  count: number,
): Promise<{ p95Ms: number; mostBeyondDiff: number; figures: object }> {
  const random = randomFrom(SEED)
  const shapes = Array.from({ length: count }, () => drawShape(random))
  const prepared = await prepare(platform, name, random, shapes)
  await platform.release(name, configuration)
  platform.modelOptions.latency = realistic
  const { github, models } = platform
  const [calls, asked] = [github.requests.length, models.requests.length]
  const timed = await reviewAll(platform, prepared, { everyMs: OPEN_EVERY_MS })
  delete platform.modelOptions.latency
  const beyond = await beyondDiff(platform, timed, models.requests.slice(asked))
  const inline = timed.reduce((sum, one) => sum + one.inline, 0)
  const late = timed.reduce((sum, one) => sum + one.late, 0)
  return {
    p95Ms: p95(timed),
    mostBeyondDiff: Math.max(...beyond),
    figures: {
      ...summary(timed),
      models: [...new Set(routed(configuration))],
      modelCallsPerReview: rounded((models.requests.length - asked) / timed.length),
      githubCallsPerReview: rounded(countCalls(github.requests.slice(calls)) / timed.length),
      findingsInTime: rounded(inline / Math.max(1, inline + late)),
    },
  }
}

function routed({ routing }: Configuration): string[] {
  return Object.values(routing).flatMap(choice => (typeof choice === 'string' ? [] : [modelName(choice)]))
}

async function callsOfFirstReview(
  platform: Platform,
): Promise<{ calls: number; callsOfPush: () => Promise<number> }> {
  const prepared = await prepare(platform, 'calls', randomFrom(SEED), [
    { files: 100, changedLines: 900, findings: 6 },
  ])
  const one = prepared[0] as Prepared
  const count = (): number => countCalls(platform.github.requests, one.repo)
  await reviewAll(platform, [one], 'one by one')
  const calls = count()
  const reviewedAt = performance.now()
  return {
    calls,
    async callsOfPush() {
      // A push sooner than this after another waits for more.
      await sleep(Math.max(0, reviewedAt + coalesceMs - performance.now()))
      const before = count()
      const [path, text] = Object.entries(one.head).find(([, contents]) => contents.includes('case 0')) ?? [
        '',
        '',
      ]
      const { repo, branch } = one
      await platform.github.control.commit({
        repo,
        branch,
        files: { [path]: text.replace(/.*case 0\n/, '\n') },
        message: 'Charge the agreed rate',
        author: 'alice',
      })
      await finishedTwice(platform, repo)
      return count() - before
    },
  }
}

async function finishedTwice({ db }: Platform, repo: string): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const { rows } = await db.query<{ count: string }>(
      'select count(*) from production.code_reviews where owner = $1 and finished_at is not null',
      [repo.split('/')[0]],
    )
    if (Number(rows[0]?.count) === 2) return
    await sleep(50)
  }
  throw new Error('the push got no review')
}

/** Of the App's installations, tokens excluded. */
function countCalls(requests: Platform['github']['requests'], repo?: string): number {
  return requests.filter(
    ({ actor, path, body }) =>
      actor.startsWith('installation:') &&
      (repo === undefined ||
        path.includes(`/repos/${repo}/`) ||
        JSON.stringify(body).includes(`"${repo.split('/')[0]}"`)),
  ).length
}

function p95(timed: readonly Timed[]): number {
  return quantile(
    timed.map(one => one.postedMs),
    0.95,
  )
}

function spread(values: readonly number[]): object {
  return { p50Ms: rounded(median(values)), p95Ms: rounded(quantile(values, 0.95)) }
}

function summary(timed: readonly Timed[]): object {
  return {
    reviews: timed.length,
    begun: spread(timed.map(one => one.begunMs)),
    examined: spread(timed.map(one => one.examinedMs)),
    posted: spread(timed.map(one => one.postedMs)),
    finished: spread(timed.map(one => one.finishedMs)),
  }
}
