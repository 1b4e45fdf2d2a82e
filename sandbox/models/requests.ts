import { z } from 'zod'
import type { Prompt } from './reply.ts'
import { schemaProblem } from './strict-schema.ts'

const jsonFormat = z.strictObject({
  name: z.string().regex(/^[\w-]{1,64}$/),
  schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
  description: z.string().optional(),
})
const positive = z.int().min(1)
const text = z.string().min(1)

/** The part of each request body that Cupel may send: whatever else the real API takes is refused here as unknown. */
const responses = z.strictObject({
  model: text,
  instructions: z.string().nullish(),
  input: text,
  max_output_tokens: z.int().min(16).nullish(),
  prompt_cache_key: z.string().max(64).optional(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  text: z.strictObject({ format: jsonFormat.extend({ type: z.literal('json_schema') }) }).optional(),
})
const chat = z.strictObject({
  model: text,
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
    .min(1),
  max_tokens: positive.nullish(),
  max_completion_tokens: positive.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).nullish(),
  response_format: z.strictObject({ type: z.literal('json_schema'), json_schema: jsonFormat }).optional(),
})
const cacheControl = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() })
const textBlock = z.strictObject({ type: z.literal('text'), text, cache_control: cacheControl.nullish() })
const messages = z.strictObject({
  model: text,
  max_tokens: positive,
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant']),
        content: z.union([text, z.array(textBlock).min(1)]),
      }),
    )
    .min(1),
  output_config: z
    .strictObject({
      format: z
        .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) })
        .nullish(),
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
    })
    .optional(),
  stream: z.boolean().optional(),
})

export type Dialect = 'responses' | 'chat' | 'messages'
export interface Asked extends Prompt {
  dialect: Dialect
  stream: boolean
  usageAsked: boolean
  maxTokens: number
  body: Record<string, unknown>
}

const flat = (content: string | { text: string }[]): string =>
  typeof content === 'string' ? content : content.map(block => block.text).join('\n')

/** Throws an Error whose message says what the API would complain about. */
export function readRequest(dialect: Dialect, body: unknown): Asked {
  const problemOf = (schema: unknown, provider: 'openai' | 'anthropic'): void => {
    const problem = schema === undefined ? undefined : schemaProblem(schema, provider)
    if (problem) throw new Error(`Invalid schema for response format: ${problem}`)
  }
  const raw = body as Record<string, unknown>
  switch (dialect) {
    case 'responses': {
      const it = parse(responses, body)
      problemOf(it.text?.format.schema, 'openai')
      return {
        dialect,
        provider: 'openai',
        model: it.model,
        system: it.instructions ?? '',
        user: it.input,
        stream: it.stream ?? false,
        usageAsked: true,
        maxTokens: it.max_output_tokens ?? 128_000,
        body: raw,
      }
    }
    case 'chat': {
      const it = parse(chat, body)
      problemOf(it.response_format?.json_schema.schema, 'openai')
      const said = (role: string) =>
        it.messages
          .filter(each => each.role === role)
          .map(each => each.content)
          .join('\n')
      return {
        dialect,
        provider: 'openai',
        model: it.model,
        system: said('system'),
        user: said('user'),
        stream: it.stream ?? false,
        usageAsked: !it.stream || it.stream_options?.include_usage === true,
        maxTokens: it.max_completion_tokens ?? it.max_tokens ?? 128_000,
        body: raw,
      }
    }
    case 'messages': {
      const it = parse(messages, body)
      problemOf(it.output_config?.format?.schema, 'anthropic')
      return {
        dialect,
        provider: 'anthropic',
        model: it.model,
        system: flat(it.system ?? ''),
        user: it.messages
          .filter(each => each.role === 'user')
          .map(each => flat(each.content))
          .join('\n'),
        stream: it.stream ?? false,
        usageAsked: true,
        maxTokens: it.max_tokens,
        body: raw,
      }
    }
    default:
      throw new Error(`no dialect ${String(dialect satisfies never)}`)
  }
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}
