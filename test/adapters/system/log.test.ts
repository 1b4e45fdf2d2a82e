import { describe, expect, it } from 'vitest'
import { redact } from '../../../src/adapters/system/log-redaction.ts'
import { createLog } from '../../../src/adapters/system/log.ts'
import { systemTrace } from '../../../src/adapters/system/trace.ts'

// Put together at run time, so that no scanner takes this file for a leak.
const canaries: Record<string, string> = {
  'personal token': `ghp_${'A1b2'.repeat(9)}`,
  'OAuth token': `gho_${'A1b2'.repeat(9)}`,
  'user token': `ghu_${'A1b2'.repeat(9)}`,
  'installation token': `ghs_${'A1b2'.repeat(9)}`,
  'refresh token': `ghr_${'A1b2'.repeat(9)}`,
  'fine-grained token': `github_pat_${'A1b2'.repeat(12)}`,
  'model key': `sk-${'proj-A1b2'.repeat(4)}`,
  'JSON web token': `eyJ${'hbGciOi'.repeat(3)}.${'eyJpc3M'.repeat(3)}.${'c2lnbmF0'.repeat(3)}`,
  signature: `sha256=${'0a'.repeat(32)}`,
}
const pem = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA\n'.repeat(5)}-----END RSA PRIVATE KEY-----`

function logged(write: (log: ReturnType<typeof createLog>) => void, secrets: string[] = []): string {
  const lines: string[] = []
  const log = createLog({
    level: 'trace',
    name: 'test',
    secrets,
    destination: { write: line => lines.push(line) },
  })
  write(log)
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
  return lines.join('')
}

describe('no line of the log holds a credential', () => {
  it.each(Object.entries(canaries))('%s, wherever it stands', (_, canary) => {
    const text = logged(log => {
      log.info(`said ${canary} there`)
      log.info({ deep: { list: [{ [`key ${canary}`]: `value ${canary}` }] } }, 'nested')
      log.error({ err: new Error(`failed with ${canary}`, { cause: new Error(canary) }) }, 'error')
      log.child({ header: canary }).warn('child')
    })
    expect(text).not.toContain(canary)
    expect(text).toContain('[redacted]')
    expect(text).toContain('said')
  })

  it.each([
    ['whole', pem],
    ['cut', pem.slice(0, 60)],
    ['with \\n written out', pem.replaceAll('\n', String.raw`\n`)],
  ])('a private key, %s', (_, key) => {
    const text = logged(log => log.error({ err: new Error(key), key }, `key ${key}`))
    expect(text).not.toContain('MIIEpAIB')
    expect(text).toContain('"level":50')
  })

  it.each([
    'authorization',
    'Authorization',
    'x-hub-signature-256',
    'cookie',
    'apiKey',
    'privateKey',
    'password',
    'token',
    'webhook_secret',
  ])('the field %s, whatever it holds', field => {
    const text = logged(log =>
      log.info({ req: { headers: { [field]: 'plain "words" \\ here', accept: 'json' } } }, 'request'),
    )
    expect(text).not.toContain('words')
    expect(text).toContain('"accept":"json"')
  })

  it.each([
    'postgres://app:hunter2hunter2@db:5432/x',
    'redis://:hunter2hunter2@h',
    'https://x-access-token:hunter2hunter2@github.com/a',
  ])('the password of %s', url =>
    expect(logged(log => log.info({ url }, `to ${url}`))).not.toContain('hunter2'),
  )

  it('the values it was told, also where JSON escapes them', () => {
    const secret = 'se"cret\\value'
    expect(logged(log => log.info({ secret: [secret] }, secret), [secret])).not.toMatch(/cret\\+value/)
  })
})

it('every line of one piece of work carries its id, whatever it waited for, and no other line does', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', name: 'test', destination: { write: line => lines.push(line) } })
  await Promise.all(
    ['one', 'two'].map(id =>
      systemTrace.within(id, async () => {
        await new Promise(done => setImmediate(done))
        log.child({ of: id }).info('said')
      }),
    ),
  )
  log.info('outside')
  const said = lines.map(line => JSON.parse(line) as { of?: string; trace?: string })
  expect(said.map(({ of, trace }) => [of, trace])).toEqual([
    ['one', 'one'],
    ['two', 'two'],
    [undefined, undefined],
  ])
})

it.each([
  'review of acme/shop#3 took 1200 ms, 3 findings',
  '{"tokens":120,"inputTokens":3,"model":"gpt-6.1-terra"}',
  'https://github.com/acme/shop/pull/3',
  'a'.repeat(40),
  'risk-assessment and task-list',
])('%s stays as it is', text => expect(redact(text)).toBe(text))
