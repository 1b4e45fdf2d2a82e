import { describe, expect, it } from 'vitest'
import { githubFault } from '../../../src/adapters/github/github-fault.ts'

const now = new Date('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const answered = (status: number, headers: Record<string, string> = {}, message = 'x') =>
  Object.assign(new Error(message), { status, response: { headers }, request: { url: 'https://h/repos/a' } })
const tokenRefused = (message: string) =>
  Object.assign(answered(422, {}, message), {
    request: { url: 'https://h/app/installations/1/access_tokens' },
  })
const lost = (code: string, url = 'https://h/repos/a') =>
  Object.assign(new Error(code, { cause: Object.assign(new Error(code), { code }) }), {
    status: 500,
    request: { url },
  })

describe('githubFault', () => {
  it.each([
    ['401', answered(401), 'github-unauthorized', undefined],
    ['403 without limits', answered(403, { 'x-ratelimit-remaining': '12' }), 'github-forbidden', undefined],
    ['403 with retry-after', answered(403, { 'retry-after': '7' }), 'github-rate-limited', at(7)],
    [
      '403 of an exhausted limit',
      answered(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now.getTime() / 1000 + 90) }),
      'github-rate-limited',
      at(91),
    ],
    [
      'secondary limit that names no time',
      answered(403, {}, 'You have exceeded a secondary rate limit'),
      'github-rate-limited',
      at(60),
    ],
    ['429', answered(429), 'github-rate-limited', at(60)],
    ['404', answered(404), 'github-not-found', undefined],
    ['410', answered(410), 'github-not-found', undefined],
    ['422', answered(422), 'github-unprocessable', undefined],
    ['502', answered(502), 'github-unavailable', undefined],
    [
      'a token that lacks a permission',
      tokenRefused('The permissions requested are not granted to this installation.'),
      'github-forbidden',
      undefined,
    ],
    [
      'a token for a repository that left the installation',
      tokenRefused('There is at least one repository that does not exist or is not accessible'),
      'github-not-found',
      undefined,
    ],
    ['reset', lost('ECONNRESET'), 'github-unavailable', undefined],
  ])('%s is %3$s', (_name, error, code, retryAt) => {
    expect(githubFault(error, { write: false, now, pauseMs: 60_000 })).toMatchObject({
      code,
      retryAt,
      ambiguous: false,
    })
  })

  it.each([
    ['a 502', answered(502), true],
    ['a reset', lost('ECONNRESET'), true],
    ['a refused connection, because nothing was sent', lost('ECONNREFUSED'), false],
    [
      'a reset while asking for a token',
      lost('ECONNRESET', 'https://h/app/installations/1/access_tokens'),
      false,
    ],
    ['a 422', answered(422), false],
  ])('a write that met %s is ambiguous: %3$s', (_name, error, ambiguous) => {
    expect(githubFault(error, { write: true, now, pauseMs: 60_000 }).ambiguous).toBe(ambiguous)
  })
})
