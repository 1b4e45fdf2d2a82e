import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { type Benchmark, median, quantile, rounded } from './benchmark.ts'
import { saturate, trickle, type Load, type Target } from './intake/load.ts'
import { startBareProbot, startCupel } from './intake/servers.ts'

const ROUNDS = 5
const ROUND_MS = 4_000
const CONNECTIONS = 128
const STEADY_PER_SECOND = 100
const STEADY_MS = 15_000
const JOBS_WITHIN_MS = 60_000

/** A pull request's own payload, as GitHub documents it: about 24 kB. */
function examplePayload(): Buffer {
  const path = new URL(
    '../node_modules/@octokit/webhooks-examples/api.github.com/index.json',
    import.meta.url,
  )
  const events = JSON.parse(readFileSync(path, 'utf8')) as { name: string; examples: { action?: string }[] }[]
  const examples = events.find(({ name }) => name === 'pull_request')?.examples ?? []
  const opened = examples.find(({ action }) => action === 'opened')
  return Buffer.from(JSON.stringify({ installation: { id: 1 }, ...opened }))
}

/**
 * Every 202 must have its row; and its job, after a while. Then the rows are ended as a worker would end them.
 * Answers the milliseconds until the last job was made.
 */
async function settle(db: pg.Pool, accepted: number): Promise<number> {
  const began = performance.now()
  for (;;) {
    const { rows } = await db.query<{ stored: number; jobs: number }>(
      `select (select count(*)::int from production.deliveries) as stored,
         (select count(*)::int from queue_production.job) as jobs`,
    )
    const { stored = 0, jobs = 0 } = rows[0] ?? {}
    if (stored !== accepted)
      throw new Error(`${accepted} webhooks were answered 202, but there are ${stored} rows`)
    if (jobs === accepted) break
    if (performance.now() - began > JOBS_WITHIN_MS)
      throw new Error(`${accepted - jobs} rows still have no job`)
    await new Promise(done => setTimeout(done, 20))
  }
  const tookMs = performance.now() - began
  await db.query(
    "update production.deliveries set state = 'done', outcome = 'bench', finished_at = now() where finished_at is null",
  )
  return tookMs
}

function summary(rounds: readonly Load[]): object {
  const latencies = rounds.flatMap(round => round.latenciesMs)
  return {
    perSecond: rounds.map(round => rounded(round.perSecond)),
    medianPerSecond: rounded(median(rounds.map(round => round.perSecond))),
    p50Ms: rounded(median(latencies)),
    p95Ms: rounded(quantile(latencies, 0.95)),
  }
}

export const intake: Benchmark = {
  about: 'signed webhooks to 202 with the row committed, beside a bare Probot with an empty handler',
  async run(say) {
    const body = examplePayload()
    const [cupel, probot] = await Promise.all([startCupel(), startBareProbot()])
    try {
      const ours: Target = { url: cupel.url, secret: cupel.secret, body, status: 202 }
      const bare: Target = { url: probot.url, secret: probot.secret, body, status: 200 }
      say(
        `payload of ${body.length} bytes, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${ROUND_MS} ms each`,
      )
      let accepted = (await saturate(ours, CONNECTIONS, 1_000)).sent
      await saturate(bare, CONNECTIONS, 1_000)
      const rounds: Record<'ours' | 'bare', Load[]> = { ours: [], bare: [] }
      const jobsAfterMs = [await settle(cupel.db, accepted)]
      for (let round = 0; round < ROUNDS; round++) {
        // In turns, so that what the machine does besides meets both.
        for (const who of round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)) {
          const load = await saturate(who === 'ours' ? ours : bare, CONNECTIONS, ROUND_MS)
          rounds[who].push(load)
          say(`${who === 'ours' ? 'cupel ' : 'probot'} ${rounded(load.perSecond)} a second`)
          if (who === 'bare') continue
          accepted += load.sent
          jobsAfterMs.push(await settle(cupel.db, accepted))
        }
      }
      say(`${STEADY_PER_SECOND} a second for ${STEADY_MS} ms`)
      const steady = await trickle(ours, STEADY_PER_SECOND, STEADY_MS)
      await settle(cupel.db, accepted + steady.sent)
      const ratio = median(
        rounds.ours.map((load, at) => load.perSecond / (rounds.bare[at]?.perSecond ?? NaN)),
      )
      return {
        bars: [
          { name: 'rate, compared with a bare Probot', value: ratio, unit: 'x', least: 0.5 },
          {
            name: `p95 at ${STEADY_PER_SECOND} a second`,
            value: quantile(steady.latenciesMs, 0.95),
            unit: 'ms',
            most: 50,
          },
        ],
        figures: {
          payloadBytes: body.length,
          cupel: summary(rounds.ours),
          probot: summary(rounds.bare),
          // How far the making of jobs lags behind the answers at full load.
          jobsAfterMs: jobsAfterMs.map(rounded),
          steady: summary([steady]),
        },
      }
    } finally {
      await Promise.all([cupel.close(), probot.close()])
    }
  },
}
