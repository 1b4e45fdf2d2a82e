import type { Environment } from '../system/environment.ts'
import type { MemoryOptions } from './memory.ts'
import type { ModelsOptions } from './models.ts'
import { readPriceTable } from './price-file.ts'

/** What createModels needs, out of a process's environment. Throws Fault configuration-invalid for a bad price table. */
export function modelOptions(
  environment: Environment,
): Pick<ModelsOptions, 'openai' | 'anthropic' | 'prices'> {
  const { openai, anthropic } = environment.models
  return {
    ...(openai && { openai: { apiKey: openai.apiKey, baseURL: openai.baseUrl } }),
    ...(anthropic && { anthropic: { apiKey: anthropic.apiKey, baseURL: anthropic.baseUrl } }),
    ...(environment.pricesPath !== null && { prices: readPriceTable(environment.pricesPath) }),
  }
}

/** The same of createMemory. */
export function memoryOptions({
  answerDays,
  models: { openai, anthropic },
}: Environment): Pick<MemoryOptions, 'days' | 'endpoints'> {
  return { days: answerDays, endpoints: { openai: openai?.baseUrl, anthropic: anthropic?.baseUrl } }
}
