import type { Provider } from '../../src/core/configuration.ts'
import type { ShadowJob } from '../../src/cycle.ts'
import {
  plannedCalls,
  refusedProviders,
  tokensOf,
  usedStored,
  verdictOf,
} from '../../src/core/experiment-run.ts'
import { runUsd } from '../../src/core/experiment.ts'
import { asFault } from '../../src/core/fault.ts'
import { leakOf } from '../../src/core/leak.ts'
import { redactFinding } from '../../src/core/redact.ts'
import { allowedAnalysers, toPreferences } from '../../src/core/repository-configuration.ts'
import { wasSteered } from '../../src/core/review/receipt.ts'
import { earlierRounds } from '../../src/core/review/rounds.ts'
import { examine } from '../../src/engine/examine.ts'
import type { RunMoney, RunResult, Runs, Trial } from '../../src/ports/experiments.ts'
import type { Models } from '../../src/ports/model.ts'
import type { ExperimentsDeps } from './deps.ts'
import { waitsFor } from './waits.ts'

/** A sample is the first head that production reviewed. */
const firstRound = earlierRounds({ count: 0, posted: [], lineDigests: {} })

type Sample = NonNullable<Awaited<ReturnType<Runs['sample']>>>

export type RunOutcome = 'finished' | 'not-needed' | 'waits' | 'paused' | 'refused'

/**
 * One experiment on one sample. A run that may not begin ends without a trace: the dispatcher offers it again. Throws
 * when it is to be tried again by the queue.
 */
export async function run(deps: ExperimentsDeps, job: ShadowJob, signal: AbortSignal): Promise<RunOutcome> {
  const { runs, experiments, clock } = deps
  const trial = await experiments.get(job.experimentId)
  if (trial === null || (job.kind === 'live' && trial.state !== 'active')) return 'not-needed'
  if (waitsFor(deps, trial.configuration, null) !== null) return 'waits'
  const began = clock.elapsed()
  const sample = await runs.sample(job.sampleId)
  if (sample === null) return 'not-needed'
  const loadMs = clock.elapsed() - began

  const leave = await deps.pace.enter(plannedCalls(trial.configuration, sample.snapshot), signal)
  const counted = countCalls(deps)
  try {
    const claim = await runs.claim(job, moneyFor(deps, job, trial), clock.now())
    switch (claim.outcome) {
      case 'finished':
        return 'not-needed'
      case 'wait':
        return 'waits'
      case 'over-budget':
        await pause(deps, trial, claim.spentUsd)
        return 'paused'
      case 'given-up':
        deps.log.error({ ...job }, 'every worker that began this run died; it counts as failed')
        deps.metrics.runFinished(job.kind, 'failed', 'worker-lost', 0)
        return 'finished'
      case 'claimed':
        return await attempt(deps, job, { trial, sample, loadMs, number: claim.attempt, counted }, signal)
    }
  } finally {
    leave(counted.calls)
  }
}

/**
 * An experiment is never run by a cheaper model than its own, which would be another experiment: what is spared near a
 * limit are replays, which no verdict rests on.
 */
function moneyFor(deps: ExperimentsDeps, { kind }: ShadowJob, trial: Trial): RunMoney {
  const share = kind === 'replay' ? deps.softShare : 1
  return {
    runUsd: runUsd(trial.configuration),
    budgetUsd: trial.budgetUsd,
    dailyUsd: deps.dailyUsd * share,
    monthlyUsd: deps.monthlyUsd * share,
    ownDailyUsd: deps.eachDailyUsd * share,
    ownMonthlyUsd: deps.eachMonthlyUsd * share,
  }
}

interface Attempt {
  trial: Trial
  sample: Sample
  loadMs: number
  number: number
  counted: CountedModels
}

async function attempt(
  deps: ExperimentsDeps,
  job: ShadowJob,
  { trial, sample, loadMs, number, counted }: Attempt,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const began = deps.clock.elapsed()
  let result: RunResult
  try {
    result = await examined(deps, job, { trial, sample, counted }, signal)
  } catch (error) {
    if (signal.aborted) {
      // This process is stopping: no fault of the experiment, and the next one begins anew.
      await deps.runs.release(job, number, counted.usd())
      throw error
    }
    const fault = asFault(error)
    if (fault.code === 'bug') deps.log.error({ ...job, err: error }, 'a run of an experiment threw')
    result = {
      state: 'failed',
      findings: [],
      receipt: null,
      errorCode: fault.code,
      latencyMs: deps.clock.elapsed() - began,
      inputTokens: 0,
      outputTokens: 0,
      usd: counted.usd(),
      degradedSteps: [],
      leaked: null,
    }
  }
  const refused = result.receipt === null ? [] : refusedProviders(result.receipt)
  if (refused.length > 0) {
    for (const provider of refused) deps.refused.add(provider)
    deps.log.warn({ ...job, providers: refused }, 'a provider refused our key; its experiments wait')
    await deps.runs.release(job, number, result.usd)
    return 'refused'
  }
  const latencyMs = result.latencyMs === null ? null : Math.round(loadMs + result.latencyMs)
  if (!(await deps.runs.finish(job, number, { ...result, latencyMs }))) return 'not-needed'
  if (result.leaked !== null)
    deps.log.warn({ ...job, leaked: result.leaked }, 'a run gave a secret away; its trial will end')
  deps.metrics.runFinished(
    job.kind,
    result.state,
    result.errorCode,
    latencyMs === null ? null : latencyMs / 1_000,
  )
  deps.metrics.findings(result.findings.length)
  deps.log.info(
    { ...job, state: result.state, findings: result.findings.length, latencyMs, usd: result.usd },
    'run finished',
  )
  return 'finished'
}

/** What stands at the deadline counts; calls still out are ended there, and paid as far as they went. */
async function examined(
  deps: ExperimentsDeps,
  job: ShadowJob,
  { trial, sample, counted }: Pick<Attempt, 'trial' | 'sample' | 'counted'>,
  signal: AbortSignal,
): Promise<RunResult> {
  const { snapshot, wishes } = sample
  const ending = new AbortController()
  const allowed = new Set(allowedAnalysers(wishes))
  const configuration = {
    ...trial.configuration,
    analysers: trial.configuration.analysers.filter(name => allowed.has(name)),
  }
  const { analysers, clock, usageOf } = deps
  // A live run is evidence: of latency, of errors, and a draw of its own. A replay is none, and need not pay again.
  const memory = deps.memoryOf(job.sampleId, job.kind === 'replay' ? new Date(0) : null)
  const examination = await examine(
    // Reserved as a whole when the run was claimed.
    { models: counted.models, memory, analysers, clock, usageOf, reserve: async () => true },
    snapshot,
    configuration,
    toPreferences(wishes),
    firstRound,
    AbortSignal.any([signal, ending.signal]),
  )
  ending.abort()
  const ended = await examination.whenLate
  const { findings, receipt } = examination
  const latencyMs = usedStored(ended.receipt) ? null : examination.latencyMs
  // Whether the findings hold is the deadline's to say; what they cost, the end's.
  const said = [
    ...findings,
    ...ended.late,
    ...examination.unanchored,
    ...examination.leftOut.map(each => each.finding),
  ]
  return {
    // What stays must not hold what a model should not have said.
    findings: findings.map(redactFinding),
    receipt,
    latencyMs,
    usd: ended.usd,
    ...tokensOf(ended.receipt),
    ...verdictOf(receipt),
    leaked: leakOf(said, wasSteered(ended.receipt)),
  }
}

interface CountedModels {
  models: Models
  calls: Map<Provider, number>
  usd(): number
}

function countCalls({ models, usageOf }: Pick<ExperimentsDeps, 'models' | 'usageOf'>): CountedModels {
  const calls = new Map<Provider, number>()
  let usd = 0
  return {
    calls,
    usd: () => usd,
    models: {
      has: provider => models.has(provider),
      async ask(choice, request, limits) {
        calls.set(choice.provider, (calls.get(choice.provider) ?? 0) + 1)
        try {
          const answer = await models.ask(choice, request, limits)
          usd += answer.usage.usd ?? 0
          return answer
        } catch (error) {
          usd += usageOf(error)?.usd ?? 0
          throw error
        }
      },
    },
  }
}

async function pause(deps: ExperimentsDeps, trial: Trial, spentUsd: number): Promise<void> {
  const reason = `its budget of ${trial.budgetUsd} USD: ${Number(spentUsd.toFixed(4))} are spent, and a run may cost ${runUsd(trial.configuration)}`
  if (await deps.experiments.pauseOverBudget(trial.id, reason))
    deps.log.warn(
      { experimentId: trial.id, spentUsd, budgetUsd: trial.budgetUsd },
      'experiment paused by its budget',
    )
}
