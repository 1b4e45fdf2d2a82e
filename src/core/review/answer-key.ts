import type { ModelChoice } from '../configuration.ts'
import { canonicalJson, sha256 } from '../ids.ts'
import type { Nonces, Prompt } from './prompt.ts'

/** To be raised when src/adapters/models sends anything else that an answer depends on. */
const form = 1

export interface Question {
  choice: ModelChoice
  /** Base URL that is asked; null: the provider's own. */
  endpoint: string | null
  schema: { name: string; json: unknown }
  prompt: Prompt
}

/** SHA-256 of everything that an answer follows from, but for the random words of the one request. */
export function answerKey({ choice, endpoint, schema, prompt }: Question): string {
  const { system, user, nonces } = prompt
  return sha256(
    canonicalJson({
      form,
      choice,
      endpoint,
      schema,
      system: withoutNonces(system, nonces),
      user: withoutNonces(user, nonces),
    }),
  )
}

/** Cut where the words stood, not replaced by others: no text under review can pretend to have had one. */
function withoutNonces(text: string, { boundary, canary }: Nonces): string[][] {
  return text.split(boundary).map(part => part.split(canary))
}
