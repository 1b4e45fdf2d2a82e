import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Configuration } from '../src/core/configuration.ts'
import { genesisModelsConfiguration } from '../src/core/genesis.ts'
import { type Benchmark, median, rounded } from './benchmark.ts'
import { startPlatform, type Platform } from './platform.ts'
import { drawShape, markedReviewer, randomFrom } from './pull-requests.ts'
import { prepare, reviewAll, type Prepared } from './reviewing.ts'

const REVIEWS = Number(process.env['BENCH_REVIEWS'] ?? 1_000)
/** One batch is opened at once: about as many reviews as a worker runs at a time. */
const BATCH = 16
const SEED = 8_191
const MOST_LINES = 300
const SAMPLE_EVERY_MS = 500
/** Linux counts memory in pages of this size on every machine that this runs on. */
const PAGE = 4_096
const MB = 1_000_000

type Who = 'web' | 'worker' | 'analysers'

export const memory: Benchmark = {
  about: `resident memory of web and worker over ${REVIEWS} reviews`,
  async run(say) {
    const platform = await startPlatform(markedReviewer)
    const random = randomFrom(SEED)
    const samples: Record<Who, number[]> = { web: [], worker: [], analysers: [] }
    let sampling = true
    const sampler = (async () => {
      while (sampling) {
        const now = await resident(platform)
        for (const who of ['web', 'worker', 'analysers'] as const) samples[who].push(now[who])
        await sleep(SAMPLE_EVERY_MS)
      }
    })()
    try {
      await platform.release(
        'memory',
        genesisModelsConfiguration({ openai: 'gpt-6.1-terra', anthropic: null }) as Configuration,
      )
      const began = performance.now()
      const nextBatch = (done: number): Promise<Prepared[]> => {
        const count = Math.min(BATCH, REVIEWS - done)
        const shapes = Array.from({ length: count }, () => drawShape(random, MOST_LINES))
        return prepare(platform, `batch${done}`, random, shapes)
      }
      let batch = await nextBatch(0)
      for (let done = 0; done < REVIEWS; done += BATCH) {
        const next = nextBatch(done + BATCH)
        await reviewAll(platform, batch, { everyMs: 0 })
        batch = await next
        if (done % (BATCH * 8) === 0) {
          const now = await resident(platform)
          say(
            `${done + BATCH} reviews: web ${rounded(now.web)}, worker ${rounded(now.worker)}, analysers ${rounded(now.analysers)} MB`,
          )
        }
      }
      const seconds = (performance.now() - began) / 1000
      sampling = false
      await sampler
      const web = course(samples.web)
      const worker = course(samples.worker)
      const analysers = course(samples.analysers)
      return {
        bars: [
          { name: 'web, most resident in the last half', value: web.most, unit: 'MB', most: 150 },
          { name: 'worker, most resident in the last half', value: worker.most, unit: 'MB', most: 300 },
          { name: 'web, last quarter over the one before', value: web.growth, unit: 'x', most: 1.05 },
          { name: 'worker, last quarter over the one before', value: worker.growth, unit: 'x', most: 1.05 },
        ],
        figures: { reviews: REVIEWS, reviewsPerSecond: rounded(REVIEWS / seconds), web, worker, analysers },
      }
    } finally {
      sampling = false
      await platform.close()
    }
  },
}

/** MB of each process; the analysers' are the children of the worker with all that they start. */
async function resident({ pids }: Platform): Promise<Record<Who, number>> {
  const parents = new Map<number, number[]>()
  for (const entry of await readdir('/proc')) {
    const parent = /^\d+$/.test(entry) ? parentOf(Number(entry)) : null
    if (parent !== null) parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)])
  }
  const below = (pid: number): number[] => (parents.get(pid) ?? []).flatMap(child => [child, ...below(child)])
  return {
    web: residentMb(pids.web),
    worker: residentMb(pids.production),
    analysers: below(pids.production).reduce((sum, pid) => sum + residentMb(pid), 0),
  }
}

function parentOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return null
  }
}

function residentMb(pid: number): number {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE) / MB
  } catch {
    return 0
  }
}

/** Medians of the four quarters, the most of the last half, and how much the last quarter holds over the third. */
function course(samples: readonly number[]): { quarters: number[]; most: number; growth: number } {
  const quarter = Math.floor(samples.length / 4)
  const quarters = [0, 1, 2, 3].map(at =>
    median(samples.slice(at * quarter, at === 3 ? undefined : (at + 1) * quarter)),
  )
  return {
    quarters: quarters.map(rounded),
    most: rounded(Math.max(...samples.slice(quarter * 2))),
    growth: rounded((quarters[3] ?? 0) / (quarters[2] ?? 1)),
  }
}
