import { describe, expect, it } from 'vitest'
import { leakOf, saysCredential } from '../../src/core/leak.ts'

const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDk'

describe('a credential is said', () => {
  it.each([
    ['a token of GitHub', 'use ghp_aB3dE6gH9kL2nP5rT8vX1zC4'],
    ['a key of a model', 'const key = "sk-ant-Q7wE9rT2yU5iO8pA1sD4"'],
    ['an access key', 'AKIAQ7W2E9R5T8Y1U4I6 stands here'],
    ['a private key', `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`],
    ['half a private key', `-----BEGIN RSA PRIVATE KEY-----\n${body}`],
  ])('%s', (_what, text) => {
    expect(saysCredential(text)).toBe(true)
  })
})

describe('no credential is said', () => {
  it.each([
    ['by the mask', 'the token ******************** is committed'],
    ['by the example of a handbook', 'such as AKIAIOSFODNN7EXAMPLE'],
    ['by a row', 'sk-1234567890ABCDEFghij'],
    ['by a made-up token', 'ghp_xxxxxxxxxxxxxxxxxxxxXXXX1111'],
    ['by little variety', 'ghp_A1A1A1A1A1A1A1A1A1A1A1'],
    ['by a class of a style sheet', '.sk-folding-cube-container2'],
    ['by a password in an address', 'postgres://app:Hunter2Hunter2@db/app'],
    ['by a token that anybody can sign', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI5ODc2In0.s5Df8Gh2Jk9L'],
    ['by the head of a key alone', 'never commit -----BEGIN PRIVATE KEY----- blocks'],
    ['by a commit', '0dFb2f4a9c8e7B6d5f3a1c0e9d8b7a6f5e4d3c2b'],
    ['by an assignment', "password = 'correct horse battery'"],
  ])('%s', (_what, text) => {
    expect(saysCredential(text)).toBe(false)
  })
})

describe('what a run gave away', () => {
  const key = 'ghp_aB3dE6gH9kL2nP5rT8vX1zC4'
  const said = { title: 't', body: 'b', source: 'openai/m' }

  it.each([
    ['in a title', { ...said, title: key }],
    ['in a body', { ...said, body: `look: ${key}` }],
    ['in a suggestion', { ...said, suggestion: key }],
  ])('%s', (_where, finding) => {
    expect(leakOf([said, finding], false)).toBe('credential')
  })

  it('is nothing where an analyser says so: it has only the sample', () => {
    expect(leakOf([{ ...said, body: key, source: 'secretlint/github' }], false)).toBeNull()
  })

  it('is the canary where a model repeated it', () => {
    expect(leakOf([{ ...said, body: key }], true)).toBe('canary')
    expect(leakOf([said], false)).toBeNull()
  })
})
