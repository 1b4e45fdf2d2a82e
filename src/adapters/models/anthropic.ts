import Anthropic from '@anthropic-ai/sdk'
import { ProviderError, type ModelEnd, type Provide } from './call.ts'
import type { TokenCounts } from './prices.ts'

/** Anthropic's Messages API. Retries and deadlines are the caller's. */
export function anthropic(options: { apiKey: string; baseURL?: string }): Provide {
  const client = new Anthropic({
    apiKey: options.apiKey,
    authToken: null,
    baseURL: options.baseURL ?? 'https://api.anthropic.com',
    maxRetries: 0,
    // The SDK logs stream contents when it cannot parse them.
    logLevel: 'off',
  })
  return async call => {
    const stream = await client.messages.create(
      {
        model: call.model,
        max_tokens: call.maxOutputTokens,
        system: [{ type: 'text', text: call.system, cache_control: { type: 'ephemeral' } }],
        messages: [{ role: 'user', content: call.user }],
        output_config: { format: { type: 'json_schema', schema: call.schema.json } },
        stream: true,
      },
      { signal: call.signal },
    )
    const counts: TokenCounts = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 }
    const add = (usage: Partial<Anthropic.Usage | Anthropic.MessageDeltaUsage>): void => {
      // input_tokens leaves out both cache parts; a delta repeats only what changed, null for the rest.
      const plain = usage.input_tokens ?? counts.input - counts.cachedInput - counts.cacheWrite
      counts.cachedInput = usage.cache_read_input_tokens ?? counts.cachedInput
      counts.cacheWrite = usage.cache_creation_input_tokens ?? counts.cacheWrite
      counts.input = plain + counts.cachedInput + counts.cacheWrite
      counts.output = usage.output_tokens ?? counts.output
      call.onCounts({ ...counts })
    }
    let stop: string | null = null
    for await (const event of stream) {
      if (event.type === 'message_start') add(event.message.usage)
      else if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
        call.onText(event.delta.text)
      else if (event.type === 'message_delta') {
        stop = event.delta.stop_reason ?? stop
        add(event.usage)
      } else if (event.type === 'message_stop' && stop) return endOf(stop)
    }
    throw new ProviderError('stream_cut', 'the answer stopped before its end')
  }
}

function endOf(stop: string): ModelEnd {
  if (stop === 'refusal') return 'refused'
  if (stop === 'max_tokens' || stop === 'model_context_window_exceeded') return 'truncated'
  return 'complete'
}
