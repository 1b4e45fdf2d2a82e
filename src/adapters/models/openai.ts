import { createHash } from 'node:crypto'
import OpenAI, { APIError } from 'openai'
import { ProviderError, type ModelCall, type ModelEnd, type Provide } from './call.ts'

const official = 'https://api.openai.com/v1'

/**
 * OpenAI's Responses API, and for any other server the Chat Completions API once /responses turned out to be missing
 * there. Retries and deadlines are the caller's.
 */
export function openAi(options: { apiKey: string; baseURL?: string; onFallback?: () => void }): Provide {
  const baseURL = options.baseURL ?? official
  const host = new URL(baseURL).hostname
  const client = new OpenAI({
    apiKey: options.apiKey,
    baseURL,
    // Null, or the SDK would take them from the environment and send them to any server.
    organization: null,
    project: null,
    maxRetries: 0,
    // The SDK logs stream contents when it cannot parse them.
    logLevel: 'off',
    ...(host.endsWith('.azure.com') && { defaultHeaders: { 'api-key': options.apiKey } }),
  })
  let chatOnly = false
  return async call => {
    if (chatOnly) return chat(client, call)
    try {
      return await responses(client, call)
    } catch (error) {
      const missing =
        error instanceof APIError && (error.status === 404 || error.status === 405 || error.status === 501)
      if (!missing || host === 'api.openai.com') throw error
    }
    // A 404 can also mean an unknown model: the choice is remembered only once chat has answered.
    const end = await chat(client, call)
    if (!chatOnly) options.onFallback?.()
    chatOnly = true
    return end
  }
}

async function responses(client: OpenAI, call: ModelCall): Promise<ModelEnd> {
  const stream = await client.responses.create(
    {
      model: call.model,
      instructions: call.system,
      input: call.user,
      max_output_tokens: call.maxOutputTokens,
      prompt_cache_key: shortKey(call.cacheKey),
      store: false,
      stream: true,
      text: {
        format: { type: 'json_schema', name: call.schema.name, schema: call.schema.json, strict: true },
      },
    },
    { signal: call.signal },
  )
  let refused = false
  for await (const event of stream) {
    switch (event.type) {
      case 'response.output_text.delta':
        call.onText(event.delta)
        break
      case 'response.refusal.delta':
      case 'response.refusal.done':
        refused = true
        break
      case 'response.completed':
      case 'response.incomplete': {
        const { usage, incomplete_details } = event.response
        if (usage) {
          call.onCounts({
            input: usage.input_tokens,
            cachedInput: usage.input_tokens_details?.cached_tokens ?? 0,
            cacheWrite: 0,
            output: usage.output_tokens,
          })
        }
        if (refused || incomplete_details?.reason === 'content_filter') return 'refused'
        return event.type === 'response.incomplete' ? 'truncated' : 'complete'
      }
      case 'response.failed':
        throw new ProviderError(
          event.response.error?.code ?? 'server_error',
          event.response.error?.message ?? '',
        )
      case 'error':
        throw new ProviderError(event.code ?? 'server_error', event.message)
      default:
        break
    }
  }
  throw new ProviderError('stream_cut', 'the answer stopped before its end')
}

async function chat(client: OpenAI, call: ModelCall): Promise<ModelEnd> {
  const stream = await client.chat.completions.create(
    {
      model: call.model,
      messages: [
        { role: 'system', content: call.system },
        { role: 'user', content: call.user },
      ],
      // The old name: compatible servers know this one, and the few that refuse it offer /responses.
      max_tokens: call.maxOutputTokens,
      stream: true,
      stream_options: { include_usage: true },
      response_format: {
        type: 'json_schema',
        json_schema: { name: call.schema.name, schema: call.schema.json, strict: true },
      },
    },
    { signal: call.signal },
  )
  let refused = false
  let finish: string | undefined
  for await (const chunk of stream) {
    const choice = chunk.choices[0]
    if (choice?.delta.content) call.onText(choice.delta.content)
    if (choice?.delta.refusal) refused = true
    if (choice?.finish_reason) finish = choice.finish_reason
    if (chunk.usage) {
      call.onCounts({
        input: chunk.usage.prompt_tokens,
        cachedInput: chunk.usage.prompt_tokens_details?.cached_tokens ?? 0,
        cacheWrite: 0,
        output: chunk.usage.completion_tokens,
      })
    }
  }
  if (!finish) throw new ProviderError('stream_cut', 'the answer stopped before its end')
  if (refused || finish === 'content_filter') return 'refused'
  return finish === 'length' ? 'truncated' : 'complete'
}

/** OpenAI takes 64 characters at most. */
function shortKey(key: string): string {
  return key.length <= 64 ? key : createHash('sha256').update(key).digest('hex')
}
