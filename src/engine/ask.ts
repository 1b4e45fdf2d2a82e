import { randomBytes } from 'node:crypto'
import type { ModelChoice } from '../core/configuration.ts'
import { asFault, Fault } from '../core/fault.ts'
import type { Candidate } from '../core/review/finding.ts'
import type { Prompt } from '../core/review/prompt.ts'
import { modelName } from '../core/review/route.ts'
import type { Step } from '../core/review/receipt.ts'
import { estimateTokens } from '../core/review/tokens.ts'
import type { ModelAnswer, ModelRequest, ModelUsage } from '../ports/model.ts'
import { closeStep, openStep, type Ledger } from './ledger.ts'
import type { ExamineDeps } from './types.ts'

/** What all calls of one examination share. */
export interface Asking {
  deps: Omit<ExamineDeps, 'analysers'>
  ledger: Ledger
  /** Free places for calls; the rest wait. */
  slots: Slots
  limits: { reviewTokens: number; reviewUsd: number; abortMs: number }
  /** Estimated input tokens of all calls so far. */
  spentTokens: { count: number }
  startedAt: number
  signal: AbortSignal
  cacheKey: string
  canary: string
}

export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>
}

/** At most `places` pieces of work at a time, the rest in order of asking. */
export function newSlots(places: number): Slots {
  let free = places
  const waiting: (() => void)[] = []
  return {
    async run(work) {
      if (free > 0) free--
      else await new Promise<void>(resolve => waiting.push(resolve))
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else free++
      }
    },
  }
}

/** Unguessable, short in tokens. */
export function newNonce(): string {
  return randomBytes(6).toString('hex')
}

export type Answer<T> = { ok: true; value: T } | { ok: false; fault: Fault | 'budget-exhausted' }

interface Call<T> {
  choice: ModelChoice
  prompt: Prompt
  schema: ModelRequest<T>['schema']
  stream?: ModelRequest<T>['stream']
  step: Pick<Step, 'subject' | 'paths' | 'fallbackFor'>
  /** Share of the review's money that this call may need, 0 to 1. */
  share: number
  /** Longest time for this call, ms; the rest until the abort when absent. */
  maxMs?: number
}

function withinBudget(asking: Asking, tokens: number): boolean {
  const { ledger, limits, spentTokens } = asking
  if (spentTokens.count + tokens > limits.reviewTokens) return false
  return ledger.usd === 0 || ledger.usd < limits.reviewUsd
}

/** Asks one model once and writes the step down, whatever comes of it. Never throws. */
export async function askModel<T>(asking: Asking, call: Call<T>): Promise<Answer<T>> {
  const { deps, ledger, signal } = asking
  const step = openStep(ledger, { kind: 'model', name: modelName(call.choice), ...call.step })
  return asking.slots.run(async () => {
    const began = deps.clock.elapsed()
    const tokens = estimateTokens(call.prompt.system) + estimateTokens(call.prompt.user)
    const latencyMs = () => Math.round(deps.clock.elapsed() - began)
    try {
      signal.throwIfAborted()
      const { choice, schema, stream } = call
      const request = { ...call.prompt, schema, stream, cacheKey: asking.cacheKey }
      const affordable = withinBudget(asking, tokens)
      // A stored answer counts towards the tokens all the same: with and without it a review reads as much.
      const stored = affordable ? ((await deps.memory?.recall(choice, request)) ?? null) : null
      signal.throwIfAborted()
      if (stored === null && !(affordable && (await deps.reserve(asking.limits.reviewUsd * call.share)))) {
        closeStep(step, { outcome: 'skipped', fault: 'budget-exhausted', latencyMs: latencyMs() })
        return { ok: false, fault: 'budget-exhausted' }
      }
      asking.spentTokens.count += tokens
      if (stored !== null) {
        closeStep(step, { outcome: 'ok', latencyMs: latencyMs(), stored: stored.cost })
        return { ok: true, value: stored.value }
      }
      const untilAbort = Math.max(1, asking.startedAt + asking.limits.abortMs - deps.clock.elapsed())
      const answer: ModelAnswer<T> = await deps.models.ask(choice, request, {
        deadlineMs: Math.min(untilAbort, call.maxMs ?? untilAbort),
        signal,
      })
      deps.memory?.keep(choice, request, answer)
      ledger.usd += answer.usage.usd ?? 0
      closeStep(step, { outcome: 'ok', latencyMs: latencyMs(), ...usageFields(answer.usage) })
      return { ok: true, value: answer.value }
    } catch (error) {
      const fault = signal.aborted ? abortedFault(error) : asFault(error)
      const usage = deps.usageOf?.(error)
      ledger.usd += usage?.usd ?? 0
      closeStep(step, {
        outcome: fault.code === 'model-refused' ? 'refused' : signal.aborted ? 'late' : 'failed',
        fault: fault.code,
        latencyMs: latencyMs(),
        ...(usage ? usageFields(usage) : {}),
      })
      return { ok: false, fault }
    }
  })
}

/** An abort of ours shows as whatever the client library throws: for the receipt it is a time-out. */
function abortedFault(error: unknown): Fault {
  const fault = asFault(error)
  if (fault.code !== 'bug') return fault
  return new Fault('model-timeout', 'The call was ended at the time limit.', { retry: 'never', cause: error })
}

function usageFields(usage: ModelUsage): Partial<Step> {
  const { inputTokens, cachedInputTokens, outputTokens, usd } = usage
  return { inputTokens, cachedInputTokens, outputTokens, ...(usd === undefined ? {} : { usd }) }
}

/** A candidate that repeats the private reference shows that the model was talked into it. */
export function betrays(candidate: Candidate, canary: string): boolean {
  return JSON.stringify(candidate).includes(canary)
}
