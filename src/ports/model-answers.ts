import type { ModelChoice } from '../core/configuration.ts'
import type { AnswerCost } from '../core/review/receipt.ts'
import type { ModelAnswer, ModelRequest } from './model.ts'

export interface StoredAnswer {
  /** Its JSON. Whoever reads it validates it again. */
  text: string
  repaired: boolean
  cost: AnswerCost
}

/** One zone's stored answers. A subject is what they are about: a repository or a sample. */
export interface ModelAnswers {
  /** Those that there are, given since, by their keys. */
  find(subject: string, keys: readonly string[], since: Date): Promise<ReadonlyMap<string, StoredAnswer>>
  /** In place of an older one. Nothing is stored about a subject that was forgotten. */
  put(subject: string, key: string, answer: StoredAnswer, at: Date): Promise<void>
  /** Deletes answers given before, in batches; answers how many. */
  purge(before: Date): Promise<number>
}

export interface Recalled<T> {
  value: T
  cost: AnswerCost
}

/** The stored answers as one review or run may use them. */
export interface Memory {
  /**
   * The answer to this very question, validated as one just given; null when a model is to be asked. Never throws,
   * whatever the store does, and takes no longer than a review can spare.
   */
  recall<T>(choice: ModelChoice, request: ModelRequest<T>): Promise<Recalled<T> | null>
  /** Stores an answer beside what the caller does next, unless it repeats a random word of its prompt. Never throws. */
  keep<T>(choice: ModelChoice, request: ModelRequest<T>, answer: ModelAnswer<T>): void
}

/** `since`: how old an answer may be at most; null: none is recalled. Undefined where nothing is stored. */
export type MemoryOf = (subject: string, since: Date | null) => Memory | undefined
