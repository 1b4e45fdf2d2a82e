import { isIPv4 } from 'node:net'
import { Fault } from '../core/fault.ts'

/** `host:port` pairs, lower case. */
export type Allowed = ReadonlySet<string>

const entry = /^(?=.{1,253}:)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*:\d{1,5}$/

/**
 * Reads CUPEL_EGRESS_ALLOW: `host:port` pairs with white space between. Names only, in full: no address, no pattern.
 * Throws Fault configuration-invalid when there is none or one cannot be read.
 */
export function parseAllowed(text: string | undefined): Allowed {
  const entries = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const wrong = entries.filter(one => !entry.test(one) || Number(one.split(':')[1]) > 65_535)
  if (entries.length > 0 && wrong.length === 0) return new Set(entries)
  const what = wrong.length > 0 ? `cannot be read at ${wrong.join(' ')}` : 'is missing'
  throw new Fault(
    'configuration-invalid',
    `CUPEL_EGRESS_ALLOW ${what}; write host:port pairs such as api.openai.com:443`,
    { retry: 'never' },
  )
}

export type Target = { host: string; port: number } | 'malformed' | 'not-allowed'

/** What a CONNECT request asks for. Only an exact pair of the list passes, so an address never does. */
export function targetOf(authority: string, allowed: Allowed): Target {
  const parts = /^([a-z0-9.-]+):(\d{1,5})$/i.exec(authority)
  if (!parts?.[1]) return 'malformed'
  const host = parts[1].toLowerCase()
  const port = Number(parts[2])
  return allowed.has(`${host}:${port}`) ? { host, port } : 'not-allowed'
}

const privateRanges = [
  [0, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xe0000000, 3],
] as const

/** Whether an address is one that the Internet routes. IPv6 is not: the NetworkPolicy lets only IPv4 out. */
export function isPublic(address: string): boolean {
  if (!isIPv4(address)) return false
  const number = address.split('.').reduce((all, part) => all * 256 + Number(part), 0)
  return !privateRanges.some(
    ([net, bits]) => Math.floor(number / 2 ** (32 - bits)) === Math.floor(net / 2 ** (32 - bits)),
  )
}
