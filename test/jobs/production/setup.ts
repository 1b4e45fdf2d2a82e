import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type pg from 'pg'
import { askForReview } from '../../../jobs/production/ask.ts'
import type { ProductionDeps } from '../../../jobs/production/deps.ts'
import { startLocalGitHub, type LocalGitHub } from '../../../sandbox/github/server.ts'
import { codeHost } from '../../../src/adapters/github/code-host.ts'
import { connectApp } from '../../../src/adapters/github/connect.ts'
import { reactionReader } from '../../../src/adapters/github/reactions.ts'
import { pacer } from '../../../src/adapters/postgres/pacer.ts'
import { productionStores } from '../../../src/adapters/postgres/production-stores.ts'
import { prometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { Queue } from '../../../src/ports/queue.ts'
import { hasPrompt } from '../../../src/engine/prompts.ts'
import { testDatabase } from '../../support/database.ts'
import { fakeAnalysers, fakeModels } from '../../support/fakes.ts'

export interface JobWorld {
  github: LocalGitHub
  owner: pg.Pool
  /** With the rights of production. */
  pool: pg.Pool
  /** Real stores and code host; analysers and models that find nothing; jobs go to `jobs`. */
  deps: ProductionDeps
  jobs: string[]
  /** An open pull request that changes src/a.ts, and the id of the request for its review. */
  asked(
    files?: Record<string, string>,
  ): Promise<{ repo: string; number: number; repositoryId: number; requestId: string }>
  close(): Promise<void>
}

let made = 0

export async function startJobs(): Promise<JobWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cupel-jobs-'))
  const database = await testDatabase()
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  const github = await startLocalGitHub({
    dataDir,
    app: { id: 7, privateKey, slug: 'cupel', webhookUrl: null, webhookSecret: 'unused' },
  })
  const log = pino({ level: 'silent' })
  const clock = systemClock
  const pool = database.pool('cupel_production', 8)
  const { metrics } = prometheusMetrics()
  const { octokitFor, botLogin } = await connectApp({ id: 7, privateKey, baseUrl: github.url, log, clock })
  const jobs: string[] = []
  const reviewQueue = {
    add: async (job: { id: string }) => void jobs.push(job.id),
    addMany: async (added: readonly { id: string }[]) => void jobs.push(...added.map(job => job.id)),
  } as unknown as Queue<{ requestId: string }>
  const calls = { octokitFor, botLogin, pacer: pacer(pool, clock), log, metrics, clock }
  const deps: ProductionDeps = {
    clock,
    log,
    metrics,
    ...codeHost(calls),
    reactions: reactionReader(calls),
    models: fakeModels(async () => ({ findings: [] })),
    memoryOf: () => undefined,
    usageOf: () => undefined,
    analysers: fakeAnalysers(),
    reviewQueue,
    administrators: { has: () => false, refresh: async () => {} },
    ...productionStores(pool, database.pool('cupel_production', 8), {
      secret: 'a secret of the tests',
      hasPrompt,
      log,
    }),
    smokeRetries: new Map(),
    sampling: { secret: 'a secret of the tests', rate: 0 },
    app: { id: 7 },
    webUrl: github.url,
    dailyUsd: { installationUsd: 20, repositoryUsd: 10, authorUsd: 5 },
    monthlyUsd: { installationUsd: 1_000, repositoryUsd: 1_000, authorUsd: 1_000 },
    softShare: 1,
    cheaperModels: { openai: 'cheap', anthropic: null },
  }
  return {
    github,
    owner: database.pool('owner'),
    pool,
    deps,
    jobs,
    async asked(files = { 'src/a.ts': 'export const a = 1\n' }) {
      const owner = `owner-${++made}`
      const repo = `${owner}/app`
      const { control } = github
      const created = await control.createRepository({
        owner,
        name: 'app',
        files: { 'README.md': '# app\n' },
      })
      await control.commit({ repo, branch: 'topic', from: 'main', files, message: 'Change', author: owner })
      const { number, headSha } = await control.openPullRequest({
        repo,
        head: 'topic',
        title: 'Change',
        author: owner,
      })
      const ref = {
        installationId: created.installationId ?? 0,
        repositoryId: created.id,
        owner,
        repo: 'app',
        number,
      }
      await deps.pullRequests.observe({ ...ref, headSha, updatedAt: new Date(), open: true })
      await askForReview(deps, {
        ...ref,
        headSha,
        occasion: 'push',
        label: null,
        asked: false,
        full: false,
        dueAt: clock.now(),
      })
      return { repo, number, repositoryId: created.id, requestId: jobs.at(-1) ?? '' }
    },
    async close() {
      await github.close()
      await database.drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
