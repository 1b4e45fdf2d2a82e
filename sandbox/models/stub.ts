import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { charactersPerToken, tokensOf, type Latency, type Prompt, type Reply } from './reply.ts'
import { readRequest, type Asked, type Dialect } from './requests.ts'
import { wireOf, type Counts } from './wire.ts'

export interface ModelStubOptions {
  answer: (prompt: Prompt) => Reply | Promise<Reply>
  /** Keys that are let in; default `stub-key`. */
  keys?: string[]
  /** Other models are answered 404; default: every name. */
  models?: string[]
  /** Default: no waiting at all. */
  latency?: Latency
  /** Paths answered 404 as a server that lacks them would: `/v1/responses`. */
  missing?: string[]
  port?: number
}

export interface RecordedRequest extends Asked {
  path: string
  promptTokens: number
  /** Requests in progress when this one began, itself included. */
  concurrency: number
}

export interface ModelStub {
  /** `http://127.0.0.1:PORT`: Anthropic's base URL. */
  url: string
  /** The same with `/v1`: OpenAI's base URL. */
  openAiUrl: string
  /** Accepted requests, in order of arrival. */
  requests: RecordedRequest[]
  /** What was refused before it reached a model, and why. */
  refusals: { path: string; status: number; why: string }[]
  close(): Promise<void>
}

const dialects: Record<string, Dialect> = {
  '/v1/responses': 'responses',
  '/v1/chat/completions': 'chat',
  '/v1/messages': 'messages',
}
const maxBodyBytes = 32_000_000

/** A model provider on loopback that refuses what the real ones refuse and answers as scripted. */
export async function startModelStub(options: ModelStubOptions): Promise<ModelStub> {
  const requests: RecordedRequest[] = []
  const refusals: ModelStub['refusals'] = []
  const random = randomFrom(options.latency?.seed ?? 1)
  let running = 0
  let served = 0

  const refuse = (
    req: IncomingMessage,
    res: ServerResponse,
    status: number,
    type: string,
    why: string,
  ): void => {
    refusals.push({ path: req.url ?? '', status, why })
    sendError(res, req.url ?? '', status, type, why)
  }

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url ?? ''
    const dialect = dialects[path]
    const listing = path === '/v1/models' && req.method === 'GET'
    if (options.missing?.includes(path) || (!listing && (!dialect || req.method !== 'POST'))) {
      return refuse(req, res, 404, 'invalid_request_error', 'Not found')
    }
    const key =
      req.headers.authorization?.replace(/^Bearer /, '') ??
      (dialect === 'messages' ? req.headers['x-api-key'] : undefined)
    if (typeof key !== 'string' || !(options.keys ?? ['stub-key']).includes(key)) {
      return refuse(req, res, 401, 'authentication_error', `Incorrect API key provided: ${String(key)}`)
    }
    if (listing || !dialect)
      return sendJson(res, 200, {
        object: 'list',
        data: (options.models ?? []).map(id => ({ id, object: 'model' })),
      })
    if (dialect === 'messages' && !req.headers['anthropic-version']) {
      return refuse(req, res, 400, 'invalid_request_error', 'anthropic-version: header is required')
    }
    if (!req.headers['content-type']?.startsWith('application/json')) {
      return refuse(
        req,
        res,
        dialect === 'messages' ? 400 : 415,
        'invalid_request_error',
        'Unsupported content type',
      )
    }
    let asked: Asked
    try {
      asked = readRequest(dialect, JSON.parse(await bodyOf(req)))
    } catch (error) {
      return refuse(
        req,
        res,
        400,
        'invalid_request_error',
        error instanceof Error ? error.message : 'invalid',
      )
    }
    if (options.models && !options.models.includes(asked.model)) {
      return refuse(
        req,
        res,
        404,
        dialect === 'messages' ? 'not_found_error' : 'invalid_request_error',
        `The model '${asked.model}' does not exist`,
      )
    }
    const promptTokens = tokensOf(asked.system) + tokensOf(asked.user)
    requests.push({ ...asked, path, promptTokens, concurrency: running })
    const reply = await options.answer({
      system: asked.system,
      user: asked.user,
      model: asked.model,
      provider: asked.provider,
    })
    await send(res, asked, reply, promptTokens, String(served++), options.latency, random)
  }

  const server = createServer((req, res) => {
    running++
    res.on('close', () => running--)
    serve(req, res).catch((error: unknown) => {
      if (!res.headersSent)
        sendError(
          res,
          req.url ?? '',
          500,
          'api_error',
          error instanceof Error ? error.message : 'stub failed',
        )
      else res.destroy()
    })
  })
  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    openAiUrl: `${url}/v1`,
    requests,
    refusals,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function send(
  res: ServerResponse,
  asked: Asked,
  reply: Reply,
  promptTokens: number,
  id: string,
  latency: Latency | undefined,
  random: () => number,
): Promise<void> {
  if (reply.kind === 'hang') return
  if (reply.kind === 'reset' && reply.after === 0) return void res.destroy()
  const first = latency
    ? latency.firstTokenMs[0] + random() * (latency.firstTokenMs[1] - latency.firstTokenMs[0])
    : 0
  const begin = performance.now() + (latency ? first + promptTokens * latency.perPromptTokenMs : 0)
  if (latency) await delay(begin - performance.now())
  if (reply.kind === 'error')
    return sendError(res, pathOf(asked), reply.status, reply.type, reply.message, reply.headers)

  const { text, end } = said(reply, asked.maxTokens)
  const usage = reply.kind === 'text' ? reply.usage : undefined
  const counts: Counts = {
    input: promptTokens,
    cached: usage?.cached ?? 0,
    cacheWrite: usage?.cacheWrite ?? 0,
    output: tokensOf(text),
  }
  const wire = wireOf(asked, id, counts)
  if (!asked.stream && reply.kind !== 'reset') return sendJson(res, 200, wire.body(end, text, counts))

  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  res.write(wire.begin())
  const stop = end === 'refused' ? 0 : reply.kind === 'reset' ? reply.after : text.length
  // A twentieth of a second's tokens at a time: timers are too coarse for one token each.
  const step = charactersPerToken * Math.max(1, latency ? Math.round(latency.tokensPerSecond / 20) : 8)
  const gate = reply.kind === 'text' ? reply.gate : undefined
  for (let at = 0; at < stop && !res.destroyed;) {
    const held = gate && at < gate.after
    const next = Math.min(stop, at + step, held ? gate.after : stop)
    if (latency)
      await delay(
        Math.max(0, begin + (next / charactersPerToken / latency.tokensPerSecond) * 1000 - performance.now()),
      )
    res.write(wire.piece(text.slice(at, next)))
    at = next
    if (gate && at === gate.after) await gate.until
  }
  if (reply.kind === 'reset') return void setImmediate(() => res.destroy())
  res.end(reply.kind === 'stream-error' ? wire.failed(reply.type) : wire.end(end, text, counts))
}

function said(reply: Reply, maxTokens: number): { text: string; end: 'complete' | 'cut' | 'refused' } {
  if (reply.kind === 'refusal') return { text: reply.text ?? 'I cannot help with that.', end: 'refused' }
  const full = reply.kind === 'json' ? JSON.stringify(reply.value) : 'text' in reply ? (reply.text ?? '') : ''
  const limit = Math.min(maxTokens, reply.kind === 'cut' ? reply.tokens : Infinity) * charactersPerToken
  return full.length > limit ? { text: full.slice(0, limit), end: 'cut' } : { text: full, end: 'complete' }
}

const pathOf = (asked: Asked): string => (asked.dialect === 'messages' ? '/v1/messages' : '/v1')

/** Each provider's own shape. */
function sendError(
  res: ServerResponse,
  path: string,
  status: number,
  type = 'api_error',
  message = 'refused',
  headers: Record<string, string> = {},
): void {
  const openAi = { error: { message, type, param: null, code: type } }
  const body = path.startsWith('/v1/messages') ? { type: 'error', error: { type, message } } : openAi
  sendJson(res, status, body, headers)
}

function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(JSON.stringify(body))
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > maxBodyBytes) throw new Error('request too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
