import { expect, it, onTestFinished } from 'vitest'
import { startModelStub } from '../../../sandbox/models/stub.ts'

const schema = (more: object) => ({
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
  ...more,
})
const body = (json: object) => ({
  model: 'm',
  input: 'x',
  text: { format: { type: 'json_schema', name: 'n', strict: true, schema: json } },
})
const auth = { authorization: 'Bearer stub-key', 'content-type': 'application/json' }
const anthropic = { ...auth, 'anthropic-version': '2026-10-21' }

it.each<[string, string, Record<string, string>, object, number]>([
  ['a good request', '/v1/responses', auth, body(schema({})), 200],
  ['no key', '/v1/responses', { 'content-type': 'application/json' }, body(schema({})), 401],
  ['another content type', '/v1/responses', { ...auth, 'content-type': 'text/plain' }, body(schema({})), 415],
  ['an unknown field', '/v1/responses', auth, { ...body(schema({})), max_tokens: 5 }, 400],
  ['an open object', '/v1/responses', auth, body(schema({ additionalProperties: true })), 400],
  ['an optional property', '/v1/responses', auth, body(schema({ required: [] })), 400],
  [
    'no max_tokens',
    '/v1/messages',
    anthropic,
    { model: 'm', messages: [{ role: 'user', content: 'x' }] },
    400,
  ],
  [
    'temperature',
    '/v1/messages',
    anthropic,
    { model: 'm', max_tokens: 9, temperature: 0, messages: [{ role: 'user', content: 'x' }] },
    400,
  ],
  [
    'no version',
    '/v1/messages',
    auth,
    { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
    400,
  ],
])('answers %s to %s as the provider does', async (_, path, headers, sent, status) => {
  const stub = await startModelStub({ answer: () => ({ kind: 'json', value: { a: 'b' } }) })
  onTestFinished(() => stub.close())
  const answer = await fetch(stub.url + path, { method: 'POST', headers, body: JSON.stringify(sent) })
  expect(answer.status).toBe(status)
  expect(stub.requests).toHaveLength(status === 200 ? 1 : 0)
})
