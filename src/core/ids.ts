import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** RFC 8785 canonical JSON. Throws on what JSON cannot hold (undefined at top level, NaN, cycles). */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('value has no JSON form')
  return text
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A configuration's identity: SHA-256 of its canonical JSON, 64 hexadecimal digits. */
export function configurationId(configuration: unknown): string {
  return sha256(canonicalJson(configuration))
}
