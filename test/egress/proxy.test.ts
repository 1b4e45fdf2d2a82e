import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { isPublic, parseAllowed, targetOf } from '../../src/egress/allowed.ts'
import { createProxy } from '../../src/egress/proxy.ts'

describe('the allow-list', () => {
  it('is host:port pairs with white space between, whatever their case', () => {
    expect(parseAllowed(' API.openai.com:443\n api.anthropic.com:443 ')).toEqual(
      new Set(['api.openai.com:443', 'api.anthropic.com:443']),
    )
  })

  it.each([
    [undefined, 'is missing'],
    ['  ', 'is missing'],
    ['api.openai.com', 'api.openai.com'],
    ['*.openai.com:443', '*.openai.com:443'],
    ['10.0.0.1:443', '10.0.0.1:443'],
    ['localhost:443', 'localhost:443'],
    ['api.openai.com:443 api.openai.com:99999', 'at api.openai.com:99999;'],
    ['https://api.openai.com:443', 'https://api.openai.com:443'],
  ])('%j stops the start', (text, said) => expect(() => parseAllowed(text)).toThrow(said))
})

it.each([
  ['api.openai.com:443', { host: 'api.openai.com', port: 443 }],
  ['API.OpenAI.com:443', { host: 'api.openai.com', port: 443 }],
  ['api.openai.com:80', 'not-allowed'],
  ['api.openai.com.evil.org:443', 'not-allowed'],
  ['evil-api.openai.com:443', 'not-allowed'],
  ['api.openai.com.:443', 'not-allowed'],
  ['140.82.112.3:443', 'not-allowed'],
  ['user@api.openai.com:443', 'malformed'],
  ['[::1]:443', 'malformed'],
  ['api.openai.com', 'malformed'],
  ['api.openai.com:443/x', 'malformed'],
  ['', 'malformed'],
])('CONNECT %s: %j', (authority, target) => {
  expect(targetOf(authority, parseAllowed('api.openai.com:443'))).toEqual(target)
})

it.each([
  ['140.82.112.3', true],
  ['172.32.0.1', true],
  ['100.128.0.1', true],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['127.0.0.1', false],
  ['169.254.169.254', false],
  ['172.16.0.1', false],
  ['172.31.255.255', false],
  ['192.168.1.1', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::ffff:127.0.0.1', false],
  ['2606:4700::1', false],
])('%s is public: %s', (address, expected) => expect(isPublic(address)).toBe(expected))

describe('the proxy', () => {
  let proxy: Server
  let provider: Server
  let allowedPort: number
  const refusals: string[] = []
  const openings: string[] = []
  /** The first bytes of every connection that the provider got. */
  const received: Buffer[] = []
  const portOf = (server: Server): number => (server.address() as AddressInfo).port

  beforeAll(async () => {
    provider = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', bytes => {
        received.push(bytes)
        socket.end(bytes.toString().toUpperCase())
      })
    }).listen(0, '127.0.0.1')
    await once(provider, 'listening')
    allowedPort = portOf(provider)
    proxy = createProxy({
      allowed: parseAllowed(`api.example.test:${allowedPort} inside.example.test:443 gone.example.test:443`),
      lookup: host =>
        host === 'gone.example.test'
          ? Promise.reject(new Error('ENOTFOUND'))
          : Promise.resolve(
              host === 'inside.example.test' ? [{ address: '10.0.0.1' }] : [{ address: '127.0.0.1' }],
            ),
      mayConnect: address => address === '127.0.0.1',
      refused: (reason, authority) => refusals.push(`${reason} ${authority}`),
      opened: authority => openings.push(authority),
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
  })
  afterAll(() => {
    proxy.close()
    provider.close()
  })
  beforeEach(() => {
    refusals.length = 0
    openings.length = 0
    received.length = 0
  })

  async function ask(text: string): Promise<string> {
    const socket: Socket = connect(portOf(proxy), '127.0.0.1')
    socket.write(text)
    let answer = ''
    for await (const bytes of socket) answer += String(bytes)
    return answer
  }

  it('opens a tunnel to an allowed host and hands on what is said', async () => {
    const authority = `api.example.test:${allowedPort}`
    // The first bytes may come with the request itself.
    const answer = await ask(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\nhello`)
    expect(answer).toBe('HTTP/1.1 200 Connection Established\r\n\r\nHELLO')
    expect(openings).toEqual([authority])
    expect(refusals).toEqual([])
  })

  it.each([
    ['evil.example.org:443', 403, 'not-allowed'],
    ['inside.example.test:443', 403, 'private-address'],
    ['gone.example.test:443', 502, 'unreachable'],
    ['nonsense', 400, 'malformed'],
  ])('CONNECT %s is answered %i, counted as %s, and leads nowhere', async (authority, status, reason) => {
    expect(await ask(`CONNECT ${authority} HTTP/1.1\r\nhost: x\r\n\r\n`)).toMatch(
      new RegExp(`^HTTP/1.1 ${status} `),
    )
    expect(refusals).toEqual([`${reason} ${authority}`])
    expect(openings).toEqual([])
  })

  it('serves no plain HTTP, not even to an allowed host', async () => {
    const asked = request({
      port: portOf(proxy),
      host: '127.0.0.1',
      path: `http://api.example.test:${allowedPort}/`,
    }).end()
    const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }]
    response.resume()
    expect(response.statusCode).toBe(405)
    expect(received).toEqual([])
  })

  test('both providers’ clients go through it by the variables of the manifests, and nowhere around it', async () => {
    const script = `
      import OpenAI from 'openai'
      import Anthropic from '@anthropic-ai/sdk'
      const known = 'https://api.example.test:${allowedPort}', unknown = 'https://elsewhere.example.test'
      const quick = { apiKey: 'key', maxRetries: 0, timeout: 5000 }
      for (const baseURL of [known, unknown]) {
        await new OpenAI({ ...quick, baseURL }).models.list().catch(() => {})
        await new Anthropic({ ...quick, baseURL }).models.list().catch(() => {})
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
    expect(openings).toEqual(Array(2).fill(`api.example.test:${allowedPort}`))
    expect(refusals).toEqual(Array(2).fill('not-allowed elsewhere.example.test:443'))
    // TLS from the first byte: the proxy sees neither key nor question.
    expect(received.map(bytes => bytes[0])).toEqual([0x16, 0x16])
  })
})
