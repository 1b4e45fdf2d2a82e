import type { ModelChoice, Provider } from '../../core/configuration.ts'
import { answerKey } from '../../core/review/answer-key.ts'
import type { ModelAnswers, MemoryOf } from '../../ports/model-answers.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { ModelRequest } from '../../ports/model.ts'
import { answerSchema } from './answer-schema.ts'
import { readAnswer } from './answer.ts'

/** A look-up takes a millisecond; a tenth of the models' time is the most that a bad day may cost. */
const patienceMs = 250
/** After a failure the store is left alone for so long, so that a bad day costs one review in a while. */
const restMs = 5_000
const dayMs = 86_400_000

export interface MemoryOptions {
  answers: ModelAnswers
  /** Days for which an answer may be recalled; 0: none is stored. */
  days: number
  /** Base URLs that stand in for the providers' own. */
  endpoints: Partial<Record<Provider, string | undefined>>
  clock: Clock
  metrics: Pick<Metrics, 'storedAnswer'>
  log: { warn(fields: object, message: string): void }
}

/** See the port. */
export function createMemory(options: MemoryOptions): MemoryOf {
  const { answers, days, endpoints, clock, metrics, log } = options
  let restUntil = -Infinity
  /** Undefined when it failed, or another did a moment ago. */
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (clock.elapsed() < restUntil) return undefined
    try {
      return await work()
    } catch (error) {
      restUntil = clock.elapsed() + restMs
      log.warn({ err: error }, 'stored answers cannot be had; models are asked')
      return undefined
    }
  }
  const keyOf = (choice: ModelChoice, request: ModelRequest<unknown>): string =>
    answerKey({
      choice,
      endpoint: endpoints[choice.provider] ?? null,
      schema: { name: request.schema.name, json: answerSchema(request.schema.type) },
      prompt: request,
    })

  return (subject, since) => {
    if (days === 0) return undefined
    const lookUp = together(keys =>
      attempt(() => {
        const oldest = Math.max(since?.getTime() ?? 0, clock.now().getTime() - days * dayMs)
        return soon(clock, answers.find(subject, keys, new Date(oldest)))
      }),
    )
    return {
      async recall(choice, request) {
        if (since === null) return null
        const key = keyOf(choice, request)
        const found = await lookUp(key)
        const stored = found?.get(key)
        // What this version would not take from a model it does not take from the store.
        const read = stored && readAnswer(stored.text, request.schema.type)
        const hit = stored && read?.kind === 'valid' ? { value: read.value, cost: stored.cost } : null
        metrics.storedAnswer(found === undefined ? 'lookup-failed' : hit === null ? 'miss' : 'hit')
        return hit
      },
      keep(choice, request, { value, usage, repaired }) {
        const text = JSON.stringify(value)
        if (Object.values(request.nonces).some(nonce => text.includes(nonce))) {
          metrics.storedAnswer('refused')
          return
        }
        const { inputTokens, outputTokens, usd } = usage
        const cost = { inputTokens, outputTokens, ...(usd !== undefined && { usd }) }
        const key = keyOf(choice, request)
        void attempt(async () => {
          await answers.put(subject, key, { text, repaired, cost }, clock.now())
          return 'kept' as const
        }).then(outcome => metrics.storedAnswer(outcome ?? 'keep-failed'))
      },
    }
  }
}

/** Questions of one moment are looked up as one, and all who asked go on in one moment, so that they reserve as one. */
function together<T>(find: (keys: readonly string[]) => Promise<T>): (key: string) => Promise<T> {
  let keys: string[] = []
  let found: Promise<T>
  return key => {
    if (keys.push(key) === 1)
      found = new Promise(resolve => setImmediate(() => resolve(find(keys.splice(0)))))
    return found
  }
}

async function soon<T>(clock: Clock, work: Promise<T>): Promise<T> {
  const patience = new AbortController()
  const slow = clock.sleep(patienceMs, patience.signal).then(() => {
    throw new Error(`no answer within ${patienceMs} ms`)
  })
  try {
    return await Promise.race([work, slow])
  } finally {
    patience.abort()
  }
}
