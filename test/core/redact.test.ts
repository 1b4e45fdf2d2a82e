import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactFinding, redactSnapshot, redactText } from '../../src/core/redact.ts'
import { snapshotJson } from '../../src/core/sample.ts'
import { fileOf, findingOf, snapshotOf } from '../support/fakes.ts'

// Put together at run time, so that no scanner takes this file for a leak.
const mixed = 'A1b2C3d4E5f6G7h8'
const credentials: Record<string, string> = {
  'GitHub token': `ghp_${mixed.repeat(2)}`,
  'fine-grained token': `github_pat_${mixed.repeat(2)}`,
  'GitLab token': `glpat-${mixed}xy`,
  'model key': `sk-proj-${mixed.repeat(2)}`,
  'payment key': `sk_live_${mixed}`,
  'cloud key': `AKIA${'ABCD1234'.repeat(2)}`,
  'chat token': `xoxb-${mixed}`,
  'JSON web token': `eyJ${mixed}.${mixed}.${mixed}`,
  'random key': 'q9ZxK2mW7vT4pL8nR3sY6bH1cJ5dF0gA2eUiO7',
  'middle of a key': 'MIIEpAIBAAKCAQEA7bq3J/9dW+x0Yk2ZsT1vQmR8uHnCwPfLgEo5Xj6iVaB4tD3z',
}

const text = fc.string({
  unit: fc.constantFrom('a', 'B', ' ', '=', '"', '\n', '\r\n', '(', '{', ';', 'é', '😀', '\t', '-', ':'),
  maxLength: 80,
})
const widths = (value: string): number[] => value.split('\n').map(line => line.length)

describe('a text with a planted credential', () => {
  it.each(Object.entries(credentials))(
    '%s: it goes, and every line is as long as it was',
    (_, credential) => {
      fc.assert(
        fc.property(text, text, (before, after) => {
          const planted = `${before} ${credential} ${after}`
          const clean = redactText(planted)
          expect(clean).not.toContain(credential)
          expect(widths(clean)).toEqual(widths(planted))
        }),
      )
    },
  )

  it('any text keeps the lengths of its lines', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), value => {
        expect(widths(redactText(value))).toEqual(widths(value))
      }),
    )
  })
})

it.each([
  ['const password = "hunter2hunter2"', 'const password = "**************"'],
  ["api_key: 'abcdefgh'", "api_key: '********'"],
  ['db = "postgres://app:hunter2hunter2@db/x"', 'db = "postgres://app:**************@db/x"'],
  ['"client_secret": "s3cr3ts3cr3t"', '"client_secret": "************"'],
])('%s becomes %s', (before, after) => expect(redactText(before)).toBe(after))

it.each([
  'const password = process.env.PASSWORD',
  'const token = `${prefix}-token-name`',
  'password = "short"',
  `sha ${'a1'.repeat(20)}`,
  'throw new Error("token is missing or wrong")',
])('%s stays as it is', value => expect(redactText(value)).toBe(value))

const body = ['MIIEpAIBAAKC', 'AQEA7bq3J9dW', 'x0Yk2ZsT1vQm']
const pem = ['-----BEGIN RSA PRIVATE KEY-----', ...body, '-----END RSA PRIVATE KEY-----']

describe('a snapshot', () => {
  it('shows a key neither in contents nor in a hunk that holds only its middle', () => {
    const file = fileOf('key.pem', `@@ -3,1 +3,2 @@\n ${body[1]}\n+${body[2]}\n`)
    const clean = redactSnapshot({
      ...snapshotOf([file]),
      contents: new Map([['key.pem', pem.join('\n')]]),
    })
    const stored = snapshotJson(clean)
    for (const line of body) expect(stored).not.toContain(line)
    expect(clean.files[0]?.hunks[0]?.lines.map(line => line.text.length)).toEqual([12, 12])
  })

  it('shows a key that replaces another line by line on neither side', () => {
    const lines = [
      ` ${pem[0]}`,
      ...body.flatMap(line => [`-${line}`, `+${line.toLowerCase()}`]),
      ` ${pem[4]}`,
    ]
    const file = fileOf('key.pem', `@@ -1,5 +1,5 @@\n${lines.join('\n')}\n`)
    const stored = snapshotJson(redactSnapshot(snapshotOf([file])))
    for (const line of body) {
      expect(stored).not.toContain(line)
      expect(stored).not.toContain(line.toLowerCase())
    }
  })

  it.each(Object.entries(credentials))('%s survives nowhere', (_, credential) => {
    const file = fileOf(
      'a.ts',
      `@@ -1,2 +1,2 @@ ${credential}\n const a = 1\n-x = ${credential}\n+y = ${credential}\n`,
    )
    const clean = redactSnapshot({
      ...snapshotOf([file], { title: `Use ${credential}`, body: `Why ${credential}` }),
      contents: new Map([['a.ts', `const a = 1\ny = ${credential}\n`]]),
      instructions: [{ path: 'AGENTS.md', text: `key ${credential}` }],
    })
    expect(snapshotJson(clean)).not.toContain(credential)
    expect(clean.files[0]?.hunks[0]?.lines.map(line => line.kind)).toEqual(['context', 'removed', 'added'])
  })

  it.each(Object.entries(credentials))('a finding about %s does not quote it', (_, credential) => {
    const finding = findingOf({
      quote: `a = ${credential}`,
      title: `Leaks ${credential}`,
      body: credential,
      suggestion: `b = ${credential}`,
    })
    expect(JSON.stringify(redactFinding(finding))).not.toContain(credential)
  })
})
