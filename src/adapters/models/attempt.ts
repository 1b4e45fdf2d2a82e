import { Fault } from '../../core/fault.ts'
import { estimateTokens } from '../../core/review/tokens.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ModelCall, ModelEnd, Provide } from './call.ts'
import { trip, type Circuit } from './circuit.ts'
import { classify } from './faults.ts'
import type { TokenCounts } from './prices.ts'

export interface Attempts {
  provide: Provide
  circuit: Circuit
  /** For messages: `openai/gpt-6.1-terra`. */
  name: string
  secrets: readonly string[]
  clock: Clock
  random: () => number
  onRetry: (fault: Fault, waitMs: number) => void
  /** Everything this request has cost so far; attempts add to it, failed ones too. */
  spent: TokenCounts
  /** On `clock.elapsed()`'s scale. */
  deadline: number
  /** The caller's own signal; `call.signal` is this one or the deadline. */
  caller: AbortSignal
}

export interface Heard {
  text: string
  end: ModelEnd
}

const retries = 2
/** No use beginning a call with less than this left, ms. */
const leastCallMs = 200

/** One request, repeated at most twice while the provider is away or limits us, nothing was heard, and time is left. */
export async function attempt(to: Attempts, call: Omit<ModelCall, 'onCounts'>): Promise<Heard> {
  for (let tries = 0; ; tries++) {
    let heardAny = false
    try {
      return await to.circuit.run(() => once(to, call, () => (heardAny = true)))
    } catch (error) {
      const fault = classify(error, to.name, to.clock.now(), to.secrets)
      const repeatable = fault.code === 'model-unavailable' || fault.code === 'model-rate-limited'
      if (!repeatable || fault.retry === 'never' || heardAny || tries >= retries || !to.circuit.closed())
        throw fault
      const wait = waitMs(fault, tries, to)
      if (to.clock.elapsed() + wait + leastCallMs > to.deadline) throw fault
      to.onRetry(fault, wait)
      try {
        await to.clock.sleep(wait, call.signal)
      } catch {
        throw stopped(to)
      }
    }
  }
}

function waitMs(fault: Fault, tries: number, to: Attempts): number {
  const jitter = to.random()
  // Never before the moment the provider named; the jitter keeps all waiting calls from returning together.
  if (fault.retryAt) return Math.max(0, fault.retryAt.getTime() - to.clock.now().getTime()) + jitter * 100
  return 300 * 2 ** tries * (0.5 + jitter)
}

async function once(to: Attempts, call: Omit<ModelCall, 'onCounts'>, onHeard: () => void): Promise<Heard> {
  let text = ''
  let counts: TokenCounts | undefined
  // The SDKs end a stream silently when its signal fires, so the signal is asked after every outcome.
  try {
    const end = await to.provide({
      ...call,
      onText: piece => {
        onHeard()
        text += piece
        call.onText(piece)
      },
      onCounts: told => (counts = told),
    })
    add(to.spent, counts ?? estimated(call, text))
    return { text, end }
  } catch (error) {
    const cut = call.signal.aborted
    // Told or not, what was read and written is billed. A connection that was refused cost nothing.
    if (counts || text !== '' || cut) {
      const guess = estimated(call, text)
      add(to.spent, { ...(counts ?? guess), output: Math.max(counts?.output ?? 0, guess.output) })
    }
    if (cut) {
      const fault = stopped(to)
      const silent = text === '' && !to.caller.aborted
      throw silent ? trip(fault) : fault
    }
    const fault = classify(error, to.name, to.clock.now(), to.secrets)
    throw fault.code === 'model-unavailable' || fault.code === 'model-timeout' ? trip(fault) : fault
  }
}

/** A caller that aborts with a Fault gets its code back, in a Fault of its own that can carry this call's usage. */
function stopped(to: Attempts): Fault {
  const reason: unknown = to.caller.aborted ? to.caller.reason : undefined
  if (reason instanceof Fault) {
    return new Fault(reason.code, reason.message, {
      retry: reason.retry,
      retryAt: reason.retryAt,
      cause: reason,
    })
  }
  const why = to.caller.aborted ? 'stopped by the caller' : 'no complete answer before the deadline'
  return new Fault('model-timeout', `${to.name}: ${why}`, { retry: 'later' })
}

function estimated(call: Omit<ModelCall, 'onCounts'>, text: string): TokenCounts {
  const input = estimateTokens(call.system) + estimateTokens(call.user)
  return { input, cachedInput: 0, cacheWrite: 0, output: estimateTokens(text) }
}

function add(to: TokenCounts, more: TokenCounts): void {
  to.input += more.input
  to.cachedInput += more.cachedInput
  to.cacheWrite += more.cacheWrite
  to.output += more.output
}
