import type { AddressInfo } from 'node:net'
import type { Logger } from 'probot'
import { administrators } from '../../jobs/production/administrators.ts'
import { postAnswers } from '../../jobs/production/answer.ts'
import { deliver } from '../../jobs/production/deliver.ts'
import type { ProductionDeps } from '../../jobs/production/deps.ts'
import { takeOrders } from '../../jobs/production/orders.ts'
import { pollReactions } from '../../jobs/production/poll-reactions.ts'
import { recordSlo } from '../../jobs/production/slo.ts'
import { takeDelivery } from '../../jobs/production/take-delivery.ts'
import { giveUpReview, takeReview } from '../../jobs/production/take-review.ts'
import { startAnalysers } from '../../src/adapters/analysers/host.ts'
import { codeHost } from '../../src/adapters/github/code-host.ts'
import { connectApp } from '../../src/adapters/github/connect.ts'
import { reactionReader } from '../../src/adapters/github/reactions.ts'
import { usageOf } from '../../src/adapters/models/faults.ts'
import { createModels } from '../../src/adapters/models/models.ts'
import { deliveryIntake } from '../../src/adapters/postgres/delivery-intake.ts'
import { pacer } from '../../src/adapters/postgres/pacer.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { roleUrl } from '../../src/adapters/postgres/roles.ts'
import { productionStores } from '../../src/adapters/postgres/production-stores.ts'
import { prometheusMetrics } from '../../src/adapters/prometheus/metrics.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { Configuration } from '../../src/core/configuration.ts'
import { sha256 } from '../../src/core/ids.ts'
import type { DeliveryJob, ReviewJob } from '../../src/cycle.ts'
import { hasPrompt } from '../../src/engine/prompts.ts'
import { createIntake } from '../../src/web/intake.ts'
import { createWebServer } from '../../src/web/server.ts'
import type { SpendingLimits } from '../../src/ports/stores.ts'
import type { GitHub } from './github.ts'
import { lane } from './lane.ts'

const REVIEWS_AT_ONCE = 8
/** Settings: no day's money stands in the way of a life that goes by in minutes. */
const DAILY_USD = 1_000

/** V2 as its two processes run it: the web's door and the worker's steps, with their own database roles. */
export interface Production {
  /** Looks administrators up by their logins. */
  knowAdministrators(): Promise<void>
  /** Share of the pull requests that are copied to the experiments; may be changed. */
  sampling: { rate: number }
  /** Resolves when every webhook so far was taken and every review that was asked for has ended. */
  settled(): Promise<void>
  carryOutOrders(): Promise<void>
  lookAtReactions(): Promise<number>
  postAnswers(): Promise<number>
  recordSlo(): Promise<void>
  close(): Promise<void>
}

export async function startProduction(options: {
  ownerUrl: string
  github: GitHub
  openAiUrl: string
  /** What V2 begins with. */
  configuration: Configuration
  seed: string
  /** Login of whom CUPEL_ADMINS names. */
  administrator: string
  log: Logger
}): Promise<Production> {
  const { ownerUrl, github, log } = options
  const clock = systemClock
  const { metrics, render, contentType } = prometheusMetrics()
  const pool = openPool(roleUrl(ownerUrl, 'cupel_production'), { max: 8, log })
  const lockPool = openPool(roleUrl(ownerUrl, 'cupel_production'), { max: REVIEWS_AT_ONCE + 1, log })
  const webPool = openPool(roleUrl(ownerUrl, 'cupel_web'), { log })
  const { id, privateKey } = github.app
  const connected = await connectApp({ id, privateKey, baseUrl: github.url, log, clock })
  const { octokitFor, botLogin } = connected
  const calls = { octokitFor, botLogin, pacer: pacer(pool, clock), log, metrics, clock }
  const secret = sha256(`${options.seed}/sampling`)
  const { signal } = new AbortController()
  const reviewing = lane<ReviewJob>(
    REVIEWS_AT_ONCE,
    job => takeReview(deps, job.data.requestId, signal),
    (job, error) => void giveUpReview(deps, job.data.requestId, error),
  )
  const deps: ProductionDeps = {
    clock,
    log,
    metrics,
    ...codeHost(calls),
    models: createModels({
      openai: { apiKey: 'stub-key', baseURL: options.openAiUrl },
      clock,
      metrics,
    }),
    memoryOf: () => undefined,
    usageOf,
    analysers: startAnalysers(),
    reviewQueue: reviewing.queue,
    administrators: administrators({ directory: connected.directory, clock, log }, [options.administrator]),
    ...productionStores(pool, lockPool, { secret, hasPrompt, log }),
    smokeRetries: new Map(),
    reactions: reactionReader(calls),
    sampling: { secret, rate: 1 },
    app: { id },
    webUrl: github.url,
    dailyUsd: limitsOf(DAILY_USD),
    monthlyUsd: limitsOf(31 * DAILY_USD),
    softShare: 1,
    cheaperModels: { openai: null, anthropic: null },
  }
  await deps.releases.installGenesisModels(options.configuration)

  const handle = connected.receiver((event: Parameters<typeof deliver>[1]) => deliver(deps, event))
  const delivering = lane<DeliveryJob>(
    4,
    job => takeDelivery(deps, handle, job.data.deliveryId),
    (job, error) => log.error({ delivery: job.data.deliveryId, err: error }, 'delivery given up'),
  )
  const intake = createIntake(deliveryIntake(webPool), delivering.queue, error =>
    log.error({ err: error }, 'jobs could not be made'),
  )
  const web = createWebServer({
    intake,
    secrets: [github.app.webhookSecret],
    metrics,
    renderMetrics: async () => ({ contentType, text: await render() }),
    notReady: async () => null,
    log,
  })
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
  const { port } = web.address() as AddressInfo
  await github.control('setWebhookUrl', { url: `http://127.0.0.1:${port}/api/github/webhooks` })

  return {
    sampling: deps.sampling,
    async settled() {
      await github.control('settled')
      await intake.drain()
      await delivering.idle()
      await reviewing.idle()
      // What the reviews did sends webhooks as well.
      await github.control('settled')
      await intake.drain()
      await delivering.idle()
    },
    knowAdministrators: () => deps.administrators.refresh(),
    carryOutOrders: () => takeOrders(deps, signal),
    lookAtReactions: () => pollReactions(deps, signal),
    postAnswers: () => postAnswers(deps, signal),
    recordSlo: () => recordSlo(deps),
    async close() {
      web.closeAllConnections()
      await new Promise(resolve => web.close(resolve))
      await deps.analysers.close()
      await Promise.all([pool.end(), lockPool.end(), webPool.end()])
    },
  }
}

/** Money decides nothing here. */
function limitsOf(usd: number): SpendingLimits {
  return { zoneUsd: usd, installationUsd: usd, repositoryUsd: usd, authorUsd: usd }
}
