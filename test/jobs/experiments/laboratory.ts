import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Configuration } from '../../../src/core/configuration.ts'
import { startLocalGitHub, type LocalGitHub } from '../../../sandbox/github/server.ts'
import type { Prompt, Reply } from '../../../sandbox/models/reply.ts'
import { plantedReviewer } from '../../../sandbox/models/reviewers.ts'
import { startModelStub, type ModelStub } from '../../../sandbox/models/stub.ts'
import { processSpecs } from '../../../src/supervisor/processes.ts'
import { startProcess, type RunningProcess } from '../../e2e/process.ts'
import { until } from '../../e2e/until.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { configurationOf } from '../../support/fakes.ts'
import { freePort } from '../../support/free-port.ts'
import { startRedis } from '../../support/redis.ts'
import { givenIn, type Given } from './given.ts'

export interface RunRow {
  sample_id: string
  kind: string
  state: string
  findings: { path: string; line: number }[] | null
  error_code: string | null
  latency_ms: number | null
  input_tokens: string | null
  usd: string | null
  degraded_steps: string[]
  attempts: number
  leaked: string | null
}

/** The real experiments worker with a real database and queue; the models are scripted, GitHub only listens. */
export interface Laboratory {
  database: TestDatabase
  given: Given
  github: LocalGitHub
  models: ModelStub
  worker: RunningProcess
  /** What the models answer from now on. */
  answer: (prompt: Prompt) => Reply | Promise<Reply>
  startWorker(more?: Record<string, string>): Promise<void>
  runsOf(experimentId: string): Promise<RunRow[]>
  /** The runs of an experiment once so many of them have ended. */
  finished(experimentId: string, count: number): Promise<RunRow[]>
  experiment(
    id: string,
  ): Promise<{ state: string; state_reason: string | null; spent_usd: string; runs: string }>
  metrics(): Promise<string>
  close(): Promise<void>
}

/** The line that every test pull request adds. */
export const reviewer = plantedReviewer([
  {
    path: 'src/a.ts',
    marker: 'const b = 2',
    finding: { severity: 'high', category: 'correctness', title: 'Wrong sum', body: 'The sum is wrong.' },
  },
])

let variants = 0
/** One model asked once; different from every other, as a configuration is tried once. Nothing is ever late by itself. */
export function trialOf(more: Partial<Configuration> = {}, limits: Partial<Configuration['limits']> = {}) {
  const { limits: standard } = configurationOf()
  return configurationOf({
    routing: {
      strategy: 'primary',
      primary: { provider: 'openai', model: 'gpt-6.1-terra', maxOutputTokens: 4_000 },
    },
    limits: { ...standard, deadlineMs: 60_000, abortMs: 60_000, files: ++variants, ...limits },
    ...more,
  })
}

export async function startLaboratory(
  backend: 'postgres' | 'redis',
  environment: Record<string, string> = {},
): Promise<Laboratory> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    const database = await testDatabase()
    closers.push(() => database.drop())
    const dataDir = await mkdtemp(join(tmpdir(), 'cupel-v1-'))
    closers.push(() => rm(dataDir, { recursive: true, force: true }))
    const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString()
    const github = await startLocalGitHub({
      dataDir,
      app: { id: 7, privateKey, slug: 'cupel', webhookUrl: 'http://127.0.0.1:9/', webhookSecret: 'secret' },
    })
    closers.push(() => github.close())
    const redis = backend === 'redis' ? await startRedis() : null
    if (redis) closers.push(() => redis.stop())
    const models = await startModelStub({ answer: prompt => laboratory.answer(prompt) })
    closers.push(() => models.close())
    const metricsPort = await freePort()
    // A machine on which production is configured as well.
    const machine = {
      APP_ID: '7',
      PRIVATE_KEY: privateKey,
      WEBHOOK_SECRET: 'secret',
      GHE_HOST: new URL(github.url).host,
      GHE_PROTOCOL: 'http',
      GITHUB_TOKEN: 'ghp_of-the-machine',
      OPENAI_API_KEY: 'a-key-of-production',
      LOG_LEVEL: 'info',
      CUPEL_RECOVERY_SECONDS: '1',
      CUPEL_EXPERIMENTS_METRICS_PORT: String(metricsPort),
      CUPEL_EXPERIMENTS_OPENAI_API_KEY: 'stub-key',
      OPENAI_BASE_URL: models.openAiUrl,
      ...(redis && { REDIS_URL: redis.url }),
    }
    const start = async (more: Record<string, string>): Promise<RunningProcess> => {
      const specs = processSpecs({ ...process.env, ...machine, ...environment, ...more }, database.ownerUrl)
      const spec = specs.find(each => each.name === 'experiments')
      if (!spec) throw new Error('no experiments process')
      return startProcess(spec)
    }
    const given = givenIn(database)
    const runsOf = async (experimentId: string): Promise<RunRow[]> => {
      const { rows } = await given.owner.query<RunRow>(
        `select sample_id, kind, state, findings, error_code, latency_ms, input_tokens, usd, degraded_steps, attempts, leaked
         from experiments_v1.code_analyses where experiment_id = $1 order by started_at, sample_id`,
        [experimentId],
      )
      return rows
    }
    const laboratory: Laboratory = {
      database,
      given,
      github,
      models,
      answer: reviewer,
      worker: await start({}),
      startWorker: async (more = {}) => {
        laboratory.worker = await start(more)
      },
      runsOf,
      finished: (experimentId, count) =>
        until(
          `${count} runs have ended`,
          async () => {
            const ended = (await runsOf(experimentId)).filter(run => run.state !== 'started')
            return ended.length >= count ? ended : null
          },
          { withinMs: 40_000, context: () => laboratory.worker.tail() },
        ),
      experiment: async id => {
        const { rows } = await given.operator.query(
          `select state, state_reason, spent_usd, runs from experiments_v1.published_experiments where id = $1`,
          [id],
        )
        return rows[0] as Awaited<ReturnType<Laboratory['experiment']>>
      },
      metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
      close,
    }
    closers.push(() => laboratory.worker.stop())
    return laboratory
  } catch (error) {
    await close()
    throw error
  }
}
