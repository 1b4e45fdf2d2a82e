import type { Asked, Dialect } from './requests.ts'

export interface Counts {
  input: number
  cached: number
  cacheWrite: number
  output: number
}
export type End = 'complete' | 'cut' | 'refused'

/** One provider's way of saying an answer: event by event, and as one body. */
export interface Wire {
  begin(): string
  piece(text: string): string
  end(end: End, text: string, counts: Counts): string
  failed(type: string): string
  body(end: End, text: string, counts: Counts): unknown
}

const named = (data: { type: string } & Record<string, unknown>): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const bare = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

export function wireOf(asked: Asked, id: string, counts: Counts): Wire {
  const wires: Record<Dialect, () => Wire> = {
    responses: () => responsesWire(asked, id),
    chat: () => chatWire(asked, id),
    messages: () => messagesWire(asked, id, counts),
  }
  return wires[asked.dialect]()
}

function responsesWire(asked: Asked, id: string): Wire {
  let sequence = 0
  const event = (type: string, rest: Record<string, unknown>) =>
    named({ type, sequence_number: sequence++, ...rest })
  const at = { item_id: `msg_${id}`, output_index: 0, content_index: 0 }
  const response = (status: string, rest: Record<string, unknown> = {}) => ({
    id: `resp_${id}`,
    object: 'response',
    created_at: 0,
    status,
    model: asked.model,
    output: [],
    error: null,
    incomplete_details: null,
    usage: null,
    ...rest,
  })
  const done = (end: End, text: string, counts: Counts) => {
    const content =
      end === 'refused' ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations: [] }
    return response(end === 'cut' ? 'incomplete' : 'completed', {
      incomplete_details: end === 'cut' ? { reason: 'max_output_tokens' } : null,
      output: [
        { id: at.item_id, type: 'message', role: 'assistant', status: 'completed', content: [content] },
      ],
      usage: {
        input_tokens: counts.input,
        input_tokens_details: { cached_tokens: counts.cached },
        output_tokens: counts.output,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: counts.input + counts.output,
      },
    })
  }
  return {
    begin: () => event('response.created', { response: response('in_progress') }),
    piece: delta => event('response.output_text.delta', { ...at, delta, logprobs: [] }),
    end(end, text, counts) {
      const refusal = end === 'refused' ? event('response.refusal.done', { ...at, refusal: text }) : ''
      return (
        refusal +
        event(end === 'cut' ? 'response.incomplete' : 'response.completed', {
          response: done(end, text, counts),
        })
      )
    },
    failed: code =>
      event('response.failed', {
        response: response('failed', { error: { code, message: 'failed midway' } }),
      }),
    body: done,
  }
}

function chatWire(asked: Asked, id: string): Wire {
  const head = (object: string) => ({ id: `chatcmpl_${id}`, object, created: 0, model: asked.model })
  const chunk = (delta: Record<string, unknown>, finish: string | null = null) =>
    bare({ ...head('chat.completion.chunk'), choices: [{ index: 0, delta, finish_reason: finish }] })
  const usage = (counts: Counts) => ({
    prompt_tokens: counts.input,
    prompt_tokens_details: { cached_tokens: counts.cached },
    completion_tokens: counts.output,
    total_tokens: counts.input + counts.output,
  })
  const reason = (end: End) => (end === 'cut' ? 'length' : 'stop')
  return {
    begin: () => chunk({ role: 'assistant', content: '' }),
    piece: content => chunk({ content }),
    end(end, text, counts) {
      const refusal = end === 'refused' ? chunk({ refusal: text }) : ''
      const told = asked.usageAsked
        ? bare({ ...head('chat.completion.chunk'), choices: [], usage: usage(counts) })
        : ''
      return `${refusal}${chunk({}, reason(end))}${told}data: [DONE]\n\n`
    },
    failed: type => bare({ error: { type, code: type, message: 'failed midway', param: null } }),
    body: (end, text, counts) => ({
      ...head('chat.completion'),
      choices: [
        {
          index: 0,
          message:
            end === 'refused'
              ? { role: 'assistant', content: null, refusal: text }
              : { role: 'assistant', content: text, refusal: null },
          finish_reason: reason(end),
        },
      ],
      usage: usage(counts),
    }),
  }
}

function messagesWire(asked: Asked, id: string, start: Counts): Wire {
  const reason = (end: End) => (end === 'cut' ? 'max_tokens' : end === 'refused' ? 'refusal' : 'end_turn')
  const usage = (counts: Counts) => ({
    input_tokens: counts.input - counts.cached - counts.cacheWrite,
    cache_read_input_tokens: counts.cached,
    cache_creation_input_tokens: counts.cacheWrite,
    output_tokens: counts.output,
  })
  const message = (rest: Record<string, unknown>) => ({
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model: asked.model,
    stop_sequence: null,
    ...rest,
  })
  return {
    begin: () =>
      named({
        type: 'message_start',
        message: message({ content: [], stop_reason: null, usage: usage({ ...start, output: 1 }) }),
      }) +
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
      named({ type: 'ping' }),
    piece: text => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    end: (end, _text, counts) =>
      named({ type: 'content_block_stop', index: 0 }) +
      named({
        type: 'message_delta',
        delta: { stop_reason: reason(end), stop_sequence: null },
        usage: { output_tokens: counts.output },
      }) +
      named({ type: 'message_stop' }),
    failed: type => named({ type: 'error', error: { type, message: 'failed midway' } }),
    body: (end, text, counts) =>
      message({ content: [{ type: 'text', text }], stop_reason: reason(end), usage: usage(counts) }),
  }
}
