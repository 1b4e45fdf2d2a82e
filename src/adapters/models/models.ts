import type { ModelChoice } from '../../core/configuration.ts'
import { asFault, Fault } from '../../core/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { ModelAnswer, ModelRequest, Models, ModelUsage } from '../../ports/model.ts'
import { answerSchema } from './answer-schema.ts'
import { readAnswer, repairPrompt } from './answer.ts'
import { anthropic } from './anthropic.ts'
import { attempt, type Attempts, type Heard } from './attempt.ts'
import type { Provide } from './call.ts'
import { createCircuits, type CircuitOptions } from './circuit.ts'
import { elementsOf } from './elements.ts'
import { withUsage } from './faults.ts'
import { openAi } from './openai.ts'
import { shippedPrices, usdOf, type PriceTable } from './prices.ts'

interface Access {
  apiKey: string
  /** Without it the provider's own address. Any OpenAI-compatible server can stand for `openai`. */
  baseURL?: string
}

export interface ModelsOptions {
  openai?: Access
  anthropic?: Access
  clock: Clock
  prices?: PriceTable
  metrics?: Pick<Metrics, 'step' | 'tokens' | 'usd'>
  log?: Record<'info' | 'warn', (fields: Record<string, unknown>, message: string) => void>
  circuit?: CircuitOptions
  /** 0 to below 1; spreads retries. */
  random?: () => number
}

/** See the port. A deadline is a duration from the call, over all retries and the repair. */
export function createModels(options: ModelsOptions): Models {
  const { clock, log, metrics, prices = shippedPrices, random = Math.random } = options
  const secrets = [options.openai?.apiKey, options.anthropic?.apiKey].filter(key => key !== undefined)
  const onFallback = () =>
    log?.info({ provider: 'openai' }, 'server has no /responses, using /chat/completions')
  const provides: Record<ModelChoice['provider'], Provide | undefined> = {
    openai: options.openai && openAi({ ...options.openai, onFallback }),
    anthropic: options.anthropic && anthropic(options.anthropic),
  }
  const circuitOf = createCircuits(
    options.circuit ?? { failures: 5, halfOpenAfterMs: 15_000 },
    (model, state) => log?.warn({ model, state }, 'model circuit changed'),
  )

  const usageFor = (choice: ModelChoice, spent: Attempts['spent']): ModelUsage => ({
    inputTokens: spent.input,
    cachedInputTokens: spent.cachedInput,
    outputTokens: spent.output,
    usd: usdOf(choice, spent, prices),
  })

  const report = (choice: ModelChoice, outcome: string, usage: ModelUsage, latencyMs: number): void => {
    metrics?.step('model', `${choice.provider}/${choice.model}`, outcome, latencyMs / 1000)
    metrics?.tokens(choice.model, 'input', usage.inputTokens - usage.cachedInputTokens)
    metrics?.tokens(choice.model, 'cached', usage.cachedInputTokens)
    metrics?.tokens(choice.model, 'output', usage.outputTokens)
    if (usage.usd !== undefined) metrics?.usd(choice.model, usage.usd)
    log?.info(
      { model: `${choice.provider}/${choice.model}`, outcome, latencyMs: Math.round(latencyMs), ...usage },
      'model asked',
    )
  }

  return {
    has: provider => provides[provider] !== undefined,
    async ask<T>(
      choice: ModelChoice,
      request: ModelRequest<T>,
      limits: { deadlineMs: number; signal: AbortSignal },
    ): Promise<ModelAnswer<T>> {
      const name = `${choice.provider}/${choice.model}`
      const provide = provides[choice.provider]
      if (!provide) throw new Fault('model-unauthorized', `${name}: no key is configured`, { retry: 'never' })
      const began = clock.elapsed()
      const to: Attempts = {
        provide,
        circuit: circuitOf(name),
        name,
        secrets,
        clock,
        random,
        onRetry: (fault, waitMs) =>
          log?.info({ model: name, code: fault.code, waitMs }, 'model call repeated'),
        spent: { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 },
        deadline: began + limits.deadlineMs,
        caller: limits.signal,
      }
      const signal = AbortSignal.any([
        limits.signal,
        AbortSignal.timeout(Math.max(1, Math.ceil(limits.deadlineMs))),
      ])
      try {
        const { value, repaired } = await answer(to, choice, request, signal)
        const usage = usageFor(choice, to.spent)
        const latencyMs = clock.elapsed() - began
        report(choice, repaired ? 'repaired' : 'ok', usage, latencyMs)
        return { value, usage, latencyMs, repaired }
      } catch (error) {
        const fault = asFault(error)
        const usage = usageFor(choice, to.spent)
        report(choice, fault.code, usage, clock.elapsed() - began)
        throw withUsage(fault, usage)
      }
    },
  }
}

async function answer<T>(
  to: Attempts,
  choice: ModelChoice,
  request: ModelRequest<T>,
  signal: AbortSignal,
): Promise<{ value: T; repaired: boolean }> {
  const schema = { name: request.schema.name, json: answerSchema(request.schema.type) }
  const { model, maxOutputTokens } = choice
  const call = { model, maxOutputTokens, system: request.system, schema, cacheKey: request.cacheKey, signal }
  const began = to.clock.elapsed()
  const onText = request.stream ? elementsOf(request.stream.key, request.stream.onElement) : () => {}
  const first = whole(to, await attempt(to, { ...call, user: request.user, onText }))
  const read = readAnswer(first, request.schema.type)
  if (read.kind === 'valid') return { value: read.value, repaired: false }

  // A repair takes about as long as the first answer did; one that cannot finish only costs.
  const took = to.clock.elapsed() - began
  if (to.clock.elapsed() + Math.max(500, took) > to.deadline) throw invalid(to, read.problems)
  const user = repairPrompt(request.user, first, read.problems)
  // The repair does not stream: its elements would repeat those already handed over.
  const second = whole(to, await attempt(to, { ...call, user, onText: () => {} }))
  const again = readAnswer(second, request.schema.type)
  if (again.kind === 'invalid') throw invalid(to, again.problems)
  return { value: again.value, repaired: true }
}

function whole(to: Attempts, { text, end }: Heard): string {
  if (end === 'complete') return text
  const refused = end === 'refused'
  const why = refused ? 'the model declined to answer' : 'the answer was cut at the output limit'
  throw new Fault(refused ? 'model-refused' : 'model-truncated', `${to.name}: ${why}`, { retry: 'never' })
}

/** Counts only: the problems quote what the model wrote. */
function invalid(to: Attempts, problems: readonly string[]): Fault {
  const message = `${to.name}: the answer does not follow the schema (${problems.length} problems)`
  return new Fault('model-invalid', message, { retry: 'never' })
}
