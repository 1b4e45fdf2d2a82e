import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Whether `header` (X-Hub-Signature-256) signs exactly these bytes with one of the secrets. Two secrets are
 * valid while one replaces the other; both are always tried, so timing does not tell which one matched.
 */
export function isSigned(body: Buffer, header: string | undefined, secrets: readonly string[]): boolean {
  if (header === undefined || !/^sha256=[0-9a-f]{64}$/.test(header)) return false
  const given = Buffer.from(header.slice('sha256='.length), 'hex')
  return secrets
    .map(secret => timingSafeEqual(createHmac('sha256', secret).update(body).digest(), given))
    .includes(true)
}
