import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { pino } from 'pino'
import { deliver } from '../../../jobs/production/deliver.ts'
import type { ProductionDeps } from '../../../jobs/production/deps.ts'
import { takeReview } from '../../../jobs/production/take-review.ts'
import { startLocalGitHub, type LocalGitHub } from '../../../sandbox/github/server.ts'
import { codeHost } from '../../../src/adapters/github/code-host.ts'
import { connectApp } from '../../../src/adapters/github/connect.ts'
import { reactionReader } from '../../../src/adapters/github/reactions.ts'
import { productionStores } from '../../../src/adapters/postgres/production-stores.ts'
import { prometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { AnalysedFile, Analysers } from '../../../src/ports/analyser.ts'
import type { Candidate } from '../../../src/core/review/finding.ts'
import type { Directory } from '../../../src/ports/administrators.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { hasPrompt } from '../../../src/engine/prompts.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { candidateOf, fakeModels } from '../../support/fakes.ts'

function findBugs({ path, contents, changedLines }: AnalysedFile): Candidate[] {
  return contents.split('\n').flatMap((text, index) =>
    text.includes('BUG') && changedLines.includes(index + 1)
      ? [
          candidateOf({
            path,
            quote: text,
            lineHint: index + 1,
            severity: 'high',
            title: 'A bug',
            suggestion: text.replace('BUG', 'GOOD'),
            source: 'oxlint/bug',
          }),
        ]
      : [],
  )
}

/** Finds BUG in changed lines, and proposes to write GOOD instead. */
const analysers: Analysers = {
  analyse: async (names, files) =>
    names.map(analyser => ({
      analyser,
      outcome: 'ok',
      paths: analyser === 'oxlint' ? files.map(file => file.path) : [],
      latencyMs: 1,
      findings: analyser === 'oxlint' ? files.flatMap(findBugs) : [],
    })),
  close: async () => {},
}

export interface JobsWorld {
  github: LocalGitHub
  database: TestDatabase
  owner: pg.Pool
  deps: ProductionDeps
  directory: Directory
  /** Exposition of the metrics. */
  metrics(): Promise<string>
  errors: string[]
  /** Takes every event and every review that was asked for, each event `times` over. */
  work(times?: number): Promise<string[]>
  /** Time that passes between now and then. */
  pass(ms: number): void
  close(): Promise<void>
}

/** The production worker's steps on real stores and the local GitHub, one after the other, without processes. */
export async function jobsWorld(
  options: {
    rate?: number
    /** What the App was granted; by default what app.yml asks for. */
    permissions?: Record<string, 'read' | 'write'>
  } = {},
): Promise<JobsWorld> {
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  const events: { name: string; deliveryId: string; body: string }[] = []
  const hooks = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part))
    request.on('end', () => {
      const { 'x-github-event': name, 'x-github-delivery': deliveryId } = request.headers
      events.push({ name: String(name), deliveryId: String(deliveryId), body })
      response.end('ok')
    })
  })
  await new Promise<void>(resolve => hooks.listen(0, '127.0.0.1', resolve))
  const dir = await mkdtemp(join(tmpdir(), 'cupel-jobs-'))
  const webhookUrl = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/`
  const database = await testDatabase()
  const github = await startLocalGitHub({
    dataDir: dir,
    app: {
      id: 7,
      privateKey,
      slug: 'cupel',
      webhookUrl,
      webhookSecret: 's',
      ...(options.permissions && { permissions: options.permissions }),
    },
  })
  let later = 0
  const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + later) }
  const log = pino({ level: 'silent' })
  const connected = await connectApp({ id: 7, privateKey, baseUrl: github.url, log, clock })
  const pacer = { acquire: async () => {}, pause: async () => {} }
  const { metrics, render } = prometheusMetrics()
  const calls = { ...connected, pacer, log, metrics, clock }
  const pool = database.pool('cupel_production', 8)
  const due: string[] = []
  const errors: string[] = []
  const deps: ProductionDeps = {
    clock,
    log: {
      info: () => {},
      warn: () => {},
      error: (fields, message) => void errors.push(`${message} ${String((fields as { err?: unknown }).err)}`),
    },
    metrics,
    ...codeHost(calls),
    reactions: reactionReader(calls),
    models: fakeModels(async () => {
      throw new Error('no model is configured')
    }),
    memoryOf: () => undefined,
    usageOf: () => undefined,
    analysers,
    reviewQueue: {
      add: async job => void due.push(job.data.requestId),
      addMany: async jobs => void due.push(...jobs.map(job => job.data.requestId)),
    } as ProductionDeps['reviewQueue'],
    administrators: { has: () => false, refresh: async () => {} },
    ...productionStores(pool, database.pool('cupel_production', 4), {
      secret: 'a secret of the tests',
      hasPrompt,
      log,
    }),
    smokeRetries: new Map(),
    sampling: { secret: 'a secret of the tests', rate: options.rate ?? 1 },
    app: { id: 7 },
    webUrl: 'https://github.example',
    dailyUsd: { installationUsd: 10, repositoryUsd: 10, authorUsd: 10 },
    monthlyUsd: { installationUsd: 1_000, repositoryUsd: 1_000, authorUsd: 1_000 },
    softShare: 1,
    cheaperModels: { openai: 'cheap', anthropic: null },
  }
  return {
    github,
    database,
    owner: database.pool('owner'),
    deps,
    directory: connected.directory,
    metrics: render,
    errors,
    async work(times = 1) {
      const outcomes: string[] = []
      do {
        await github.control.settled()
        for (const { name, deliveryId, body } of events.splice(0)) {
          const receivedAt = clock.now()
          const event = { name, deliveryId, payload: JSON.parse(body) as unknown, receivedAt }
          for (let time = 0; time < times; time++) outcomes.push(await deliver(deps, event))
        }
        for (const id of new Set(due.splice(0))) await takeReview(deps, id, new AbortController().signal)
        await github.control.settled()
      } while (events.length > 0)
      return outcomes
    },
    pass: ms => void (later += ms),
    async close() {
      await github.close()
      await new Promise(resolve => hooks.close(resolve))
      await database.drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export interface Opened {
  repo: string
  number: number
  id: number
  /** Database ids of the first comments of Cupel's threads, in order. */
  comments(): number[]
  push(files: Record<string, string>): Promise<void>
  signals(): Promise<string[]>
  /** `label tier reason by`, current ones first word in capitals when overturned later. */
  labels(): Promise<string[]>
}

let made = 0

/** A pull request by ada (an outsider by permission, but its author); bob may triage, cara may write. */
export async function openPull(
  world: JobsWorld,
  files: Record<string, string>,
  base: Record<string, string> = {},
): Promise<Opened> {
  const { control, state } = world.github
  const name = `app-${++made}`
  const repo = `acme/${name}`
  const created = await control.createRepository({
    owner: 'acme',
    name,
    files: { 'README.md': '# app\n', ...base },
    collaborators: { bob: 'triage', cara: 'write', ada: 'read' },
  })
  await control.commit({ repo, branch: 'topic', from: 'main', files, message: 'Change', author: 'ada' })
  const { number } = await control.openPullRequest({ repo, head: 'topic', title: 'Change', author: 'ada' })
  await world.work()
  const key = [created.id, number]
  return {
    repo,
    number,
    id: created.id,
    comments: () =>
      [...state.reviewComments.values()]
        .filter(
          one =>
            one.pull.repo.id === created.id && one.author.login === 'cupel[bot]' && one.inReplyTo === null,
        )
        .map(one => one.id),
    async push(changed) {
      await control.commit({ repo, branch: 'topic', files: changed, message: 'More', author: 'ada' })
      await world.owner.query(`update production.pull_requests set last_asked_at = now() - interval '1 hour'`)
      await world.work()
    },
    async signals() {
      const { rows } = await world.owner.query<{ text: string }>(
        `select concat_ws(' ', case when removed then 'removed' end, kind, case when kind not in
           ('line-changed', 'suggestion-applied') then nullif(content, '') end, 'by', author_login, standing) as text
         from production.feedback where repository_id = $1 and number = $2 order by id`,
        key,
      )
      return rows.map(row => row.text)
    },
    async labels() {
      const { rows } = await world.owner.query<{ text: string }>(
        `select concat_ws(' ', l.version, l.label, l.tier, l.reason, l.path || ':' || l.line) as text
         from gate.labels l where l.sample_id = $1 || '/' || $2 order by l.id`,
        key.map(String),
      )
      return rows.map(row => row.text)
    },
  }
}
