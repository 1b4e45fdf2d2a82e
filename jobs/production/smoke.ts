import type { Configuration } from '../../src/core/configuration.ts'
import { asFault } from '../../src/core/fault.ts'
import { defaultConfiguration, toPreferences } from '../../src/core/repository-configuration.ts'
import { earlierRounds } from '../../src/core/review/rounds.ts'
import { smokeVersion } from '../../src/core/smoke/cases.ts'
import { isSound, judgeSmoke, mostTries, smokeTry, type SmokeTry } from '../../src/core/smoke/judge.ts'
import { smokeSet, type SmokeCase } from '../../src/core/smoke/set.ts'
import { examine } from '../../src/engine/examine.ts'
import type { Order } from '../../src/ports/orders.ts'
import { openPurse } from './budget.ts'
import type { ProductionDeps } from './deps.ts'

/** All smoke tests of a day (UTC) together: they are kept apart from what installations may spend. */
const DAILY_USD = 5
const nobody = { installationId: 0, repositoryId: 0, author: 'cupel' }
/** An outage is waited for this long, at this pace; a release that cannot be tested for a day serves nobody. */
const RETRY_MS = 5 * 60_000
const GIVE_UP_MS = 24 * 3_600_000

const firstRound = earlierRounds({ count: 0, posted: [], lineDigests: {} })
const preferences = toPreferences(defaultConfiguration())

export interface SmokeResult {
  passed: boolean
  why?: string
  version: number
  cases: {
    name: string
    tries: number
    state: SmokeTry['state']
    fault: string | null
    latencyMs: number
    found: string[]
    missed: string[]
    /** Titles only. */
    others: string[]
  }[]
}

type SmokeDeps = Pick<
  ProductionDeps,
  'models' | 'usageOf' | 'budgets' | 'clock' | 'log' | 'metrics' | 'analysers' | 'smokeRetries'
>

/**
 * Examines the smoke set with the release's configuration, before it reviews for anybody. 'not yet' when an outage stood in
 * the way: it is tried again later, and failed after a day.
 */
export async function smokeTest(
  deps: SmokeDeps,
  order: Order,
  signal: AbortSignal,
): Promise<SmokeResult | 'not yet'> {
  const { configuration } = order
  if (configuration === null)
    return {
      passed: false,
      why: 'this version of Cupel cannot read its configuration',
      version: smokeVersion,
      cases: [],
    }
  const now = deps.clock.now().getTime()
  if ((deps.smokeRetries.get(order.id) ?? 0) > now) return 'not yet'
  const tries: { of: SmokeCase; attempt: SmokeTry; count: number }[] = []
  for (const of of smokeSet()) tries.push({ of, ...(await tryCase(deps, configuration, of, signal)) })
  const judgement = judgeSmoke(configuration, tries)
  if (judgement.outcome === 'unmeasured' && now - order.orderedAt.getTime() < GIVE_UP_MS) {
    deps.smokeRetries.set(order.id, now + RETRY_MS)
    deps.log.warn({ order: order.id, why: judgement.why }, 'a smoke test met an outage; it is tried again')
    return 'not yet'
  }
  deps.smokeRetries.delete(order.id)
  return {
    passed: judgement.outcome === 'passed',
    ...(judgement.why.length > 0 && { why: judgement.why.join('; ') }),
    version: smokeVersion,
    cases: tries.map(({ of, attempt, count }) => ({
      name: of.name,
      tries: count,
      state: attempt.state,
      fault: attempt.fault,
      latencyMs: attempt.latencyMs,
      found: attempt.found.map(defect => defect.what),
      missed: of.defects.filter(defect => !attempt.found.includes(defect)).map(defect => defect.what),
      others: attempt.others,
    })),
  }
}

async function tryCase(
  deps: SmokeDeps,
  configuration: Configuration,
  of: SmokeCase,
  signal: AbortSignal,
): Promise<{ attempt: SmokeTry; count: number }> {
  for (let count = 1; ; count++) {
    const attempt = await tryOnce(deps, configuration, of, signal)
    // An outage does not end within seconds; waiting for it is the order's business.
    if (isSound(of, attempt) || attempt.outage || count === mostTries) return { attempt, count }
  }
}

async function tryOnce(
  deps: SmokeDeps,
  configuration: Configuration,
  of: SmokeCase,
  signal: AbortSignal,
): Promise<SmokeTry> {
  const { analysers, clock, usageOf } = deps
  const began = clock.elapsed()
  const ending = new AbortController()
  // Settled try by try: what is reserved is far more than what small pull requests cost.
  const usd = Math.max(DAILY_USD, 2 * configuration.limits.reviewUsd)
  const dailyUsd = { installationUsd: usd, repositoryUsd: usd, authorUsd: usd }
  const monthlyUsd = { installationUsd: 31 * usd, repositoryUsd: 31 * usd, authorUsd: 31 * usd }
  const { models, reserve, settle } = openPurse({ ...deps, dailyUsd, monthlyUsd, softShare: 1 }, nobody)
  try {
    const examined = await examine(
      { models, reserve, analysers, clock, usageOf },
      of.snapshot,
      configuration,
      preferences,
      firstRound,
      AbortSignal.any([signal, ending.signal]),
    )
    // What came by the deadline counts, as in a review; calls still out are ended and paid as far as they went.
    ending.abort()
    await examined.whenLate
    return smokeTry(of, examined)
  } catch (error) {
    signal.throwIfAborted()
    const { code } = asFault(error)
    const latencyMs = Math.round(clock.elapsed() - began)
    return { state: 'failed', fault: code, outage: false, latencyMs, found: [], others: [] }
  } finally {
    await settle()
  }
}
