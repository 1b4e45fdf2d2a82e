import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { expect, vi } from 'vitest'
import { startLocalGitHub, type LocalGitHub } from '../../sandbox/github/server.ts'
import { startModelStub, type ModelStub, type ModelStubOptions } from '../../sandbox/models/stub.ts'
import { releases } from '../../src/adapters/postgres/releases.ts'
import defaultModels from '../../src/adapters/system/default-models.json' with { type: 'json' }
import { genesisModelsConfiguration } from '../../src/core/genesis.ts'
import { processSpecs } from '../../src/supervisor/processes.ts'
import type { ProcessSpec } from '../../src/supervisor/supervise.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { startRedis } from '../support/redis.ts'
import { startProcess, type RunningProcess } from './process.ts'

export type Backend = 'postgres' | 'redis'

/** Everything a review needs, real but for GitHub and the models: both processes, database, queue. */
export interface World {
  github: LocalGitHub
  database: TestDatabase
  owner: pg.Pool
  redisUrl: string | null
  webhookUrl: string
  models: ModelStub | null
  web: RunningProcess
  worker: RunningProcess
  /** Starts a process of Cupel by its name, as the supervisor would. */
  start(name: string): Promise<RunningProcess>
  /** After `worker.kill()` or `worker.stop()`. */
  startWorker(): Promise<void>
  /** Sends a webhook as GitHub would; with the id of an earlier one, again. Answers the status. */
  send(webhook: { event: string; id: string; body: string }): Promise<number>
  log(): string
  close(): Promise<void>
}

// Seconds on an idle machine; a busy one is no reason to fail.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

const APP_ID = 7
const WEBHOOK_SECRET = 'a-webhook-secret-of-the-tests'
const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

export async function startWorld(options: {
  backend: Backend
  /** With it the first model, or both, answer as scripted; without, analysers alone review. */
  answer?: ModelStubOptions['answer']
  providers?: readonly ('openai' | 'anthropic')[]
  environment?: Record<string, string>
  /** Options of Node.js itself for a process. */
  nodeOptions?: (name: string) => string[]
}): Promise<World> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    const database = await testDatabase()
    closers.push(() => database.drop())
    const dataDir = await mkdtemp(join(tmpdir(), 'cupel-e2e-'))
    closers.push(() => rm(dataDir, { recursive: true, force: true }))
    const port = await freePort()
    const webhookUrl = `http://127.0.0.1:${port}/api/github/webhooks`
    const github = await startLocalGitHub({
      dataDir,
      app: {
        id: APP_ID,
        privateKey: pem,
        slug: 'cupel',
        webhookUrl,
        webhookSecret: WEBHOOK_SECRET,
      },
    })
    closers.push(() => github.close())
    const redis = options.backend === 'redis' ? await startRedis() : null
    if (redis) closers.push(() => redis.stop())
    const models = options.answer ? await startModelStub({ answer: options.answer }) : null
    if (models) closers.push(() => models.close())

    if (options.answer) await installPatientModels(database, options.providers ?? ['openai'])

    const specs = processSpecs(process.env, database.ownerUrl, {
      APP_ID: String(APP_ID),
      PRIVATE_KEY: pem,
      WEBHOOK_SECRET: WEBHOOK_SECRET,
      GHE_HOST: new URL(github.url).host,
      GHE_PROTOCOL: 'http',
      PORT: String(port),
      METRICS_PORT: '0',
      LOG_LEVEL: 'info',
      CUPEL_RECOVERY_SECONDS: '3',
      REDIS_URL: redis?.url ?? '',
      ...(models ? modelSettings(models, options.providers ?? ['openai']) : noModels),
      ...options.environment,
    })
    const spec = (name: string): ProcessSpec => {
      const found = specs.find(each => each.name === name)
      if (!found) throw new Error(`no process ${name}`)
      return found
    }
    const start = (name: string) => startProcess(spec(name), options.nodeOptions?.(name))
    const [web, worker] = await Promise.all([start('web'), start('production')])
    const world: World = {
      github,
      database,
      owner: database.pool('owner', 6),
      redisUrl: redis?.url ?? null,
      webhookUrl,
      models,
      web,
      worker,
      start,
      async startWorker() {
        world.worker = await start('production')
      },
      async send({ event, id, body }) {
        const answer = await fetch(webhookUrl, {
          method: 'POST',
          body,
          headers: {
            'content-type': 'application/json',
            'x-github-event': event,
            'x-github-delivery': id,
            'x-hub-signature-256': `sha256=${createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex')}`,
          },
        })
        return answer.status
      },
      log: () => `${world.web.tail()}\n${world.worker.tail()}`,
      close,
    }
    closers.push(() => Promise.all([world.web.stop(), world.worker.stop()]))
    return world
  } catch (error) {
    await close()
    throw error
  }
}

/** Holds after every test: GitHub would have taken each request, both processes live, and no review was given up. */
export async function expectHonestWork(world: World, options: { failures?: 'expected' } = {}): Promise<void> {
  expect(world.github.validationErrors).toEqual([])
  expect([world.web.alive(), world.worker.alive()]).toEqual([true, true])
  if (options.failures === 'expected') return
  const { rows } = await world.owner.query<{ outcome: string }>(
    `select outcome from production.review_requests where outcome like 'failed%'
     union all select outcome from production.deliveries where state = 'failed'`,
  )
  if (rows.length > 0) throw new Error(`${rows.map(row => row.outcome).join(', ')}\n${world.log()}`)
}

/** The worker's own first release, but no finding is late because the machine is busy: bench/ measures the deadline. */
async function installPatientModels(database: TestDatabase, providers: readonly string[]): Promise<void> {
  const configuration = genesisModelsConfiguration({
    openai: providers.includes('openai') ? defaultModels.openai : null,
    anthropic: providers.includes('anthropic') ? defaultModels.anthropic : null,
  })
  if (configuration === null) throw new Error('no model to ask')
  const limits = { ...configuration.limits, deadlineMs: 20_000 }
  const store = releases(database.pool('cupel_production', 1), {
    secret: '',
    hasPrompt: () => true,
    log: { error: () => {} },
  })
  await store.installGenesisModels({ ...configuration, limits })
}

const noModels = { OPENAI_API_KEY: '', OPENAI_BASE_URL: '', ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: '' }

function modelSettings(models: ModelStub, providers: readonly string[]): Record<string, string> {
  return {
    ...noModels,
    ...(providers.includes('openai') && { OPENAI_API_KEY: 'stub-key', OPENAI_BASE_URL: models.openAiUrl }),
    ...(providers.includes('anthropic') && {
      ANTHROPIC_API_KEY: 'stub-key',
      ANTHROPIC_BASE_URL: models.url,
    }),
  }
}
