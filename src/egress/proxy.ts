import type { LookupAddress } from 'node:dns'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { isPublic, targetOf, type Allowed } from './allowed.ts'

export type Refusal = 'malformed' | 'not-allowed' | 'private-address' | 'unreachable' | 'plain-http'

export interface ProxyOptions {
  allowed: Allowed
  /** Every IPv4 address of a host. */
  lookup(host: string): Promise<Pick<LookupAddress, 'address'>[]>
  refused(reason: Refusal, authority: string): void
  opened(authority: string): void
  /** Which addresses may be connected to; default: public ones, so that a name that was taken over leads nowhere inside. */
  mayConnect?: (address: string) => boolean
  /** Limit in ms for a connection to be made; default 10,000. */
  connectWithinMs?: number
  /** A tunnel on which nothing moves for so long (ms) is closed; default 300,000. */
  idleMs?: number
}

/**
 * An HTTP proxy that knows CONNECT and nothing else: it opens a tunnel to an allowed host and port and never sees
 * what goes through, which is TLS. The name is looked up here, once, and the address that passed is the one used.
 */
export function createProxy(options: ProxyOptions): Server {
  const {
    allowed,
    refused,
    opened,
    mayConnect = isPublic,
    connectWithinMs = 10_000,
    idleMs = 300_000,
  } = options
  const server = createServer((request, response) => {
    refused('plain-http', request.headers.host ?? '')
    response
      .writeHead(405, { 'content-type': 'text/plain', connection: 'close' })
      .end('only CONNECT is served here\n')
  })
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy())
    const authority = request.url ?? ''
    void tunnel(authority, client, head)
  })
  return server

  async function tunnel(authority: string, client: Duplex, head: Buffer): Promise<void> {
    const refuse = (status: string, reason: Refusal): void => {
      refused(reason, authority)
      client.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    }
    const target = targetOf(authority, allowed)
    if (target === 'malformed') return refuse('400 Bad Request', target)
    if (target === 'not-allowed') return refuse('403 Forbidden', target)
    let addresses: string[]
    try {
      addresses = (await options.lookup(target.host)).map(({ address }) => address)
    } catch {
      return refuse('502 Bad Gateway', 'unreachable')
    }
    const address = addresses.find(mayConnect)
    if (address === undefined) return refuse('403 Forbidden', 'private-address')

    const upstream = connect({ host: address, port: target.port, timeout: connectWithinMs })
    const fail = (): void => {
      upstream.destroy()
      if (client.writable) refuse('502 Bad Gateway', 'unreachable')
    }
    upstream.once('error', fail)
    upstream.once('timeout', fail)
    client.once('close', () => upstream.destroy())
    upstream.once('connect', () => {
      upstream.off('error', fail)
      upstream.off('timeout', fail)
      upstream.on('error', () => client.destroy())
      upstream.on('close', () => client.destroy())
      upstream.setTimeout(idleMs, () => upstream.destroy())
      opened(authority)
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      if (head.length > 0) upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
  }
}
