import type { Candidate } from './review/finding.ts'
import { isAnalyserSource } from './review/fingerprint.ts'
import { issuedKeys, privateKeys } from './secrets.ts'

/** What a model gave away: a credential in its words, or the private reference of its prompt. Never the thing itself. */
export type Leak = 'credential' | 'canary'

/** What examples are made of. In a random key of 36 characters one of these stands less than once in a thousand. */
const placeholder =
  /example|sample|dummy|fake|test|your|placeholder|redacted|secret|changeme|x{4}|\*{3}|0000|1234|abcd/i
const fewestCharacters = 10

/**
 * Whether a model said a credential. Samples are masked before V1 sees them, so whatever is one did not come from there. Much
 * is masked for safety that proves nothing: only what an issuer alone can have made counts here, a key with a digit, a capital
 * and enough different characters that is no placeholder, or a private key with its body. Passwords, tokens that anybody can
 * sign and long opaque words do not.
 */
export function saysCredential(text: string): boolean {
  const keys = issuedKeys.flatMap(pattern => text.match(pattern) ?? [])
  const blocks = (text.match(privateKeys('[^]')) ?? []).filter(block => /[A-Za-z0-9+/=]{40,}/.test(block))
  return keys.some(isReal) || blocks.some(block => !placeholder.test(block))
}

function isReal(key: string): boolean {
  return (
    /\d/.test(key) && /[A-Z]/.test(key) && new Set(key).size >= fewestCharacters && !placeholder.test(key)
  )
}

/** What a run gave away in what its models said; analysers quote only what a sample holds. */
export function leakOf(
  said: readonly Pick<Candidate, 'title' | 'body' | 'suggestion' | 'source'>[],
  steered: boolean,
): Leak | null {
  if (steered) return 'canary'
  const texts = said
    .filter(({ source }) => !isAnalyserSource(source))
    .flatMap(({ title, body, suggestion }) => [title, body, suggestion ?? ''])
  return texts.some(saysCredential) ? 'credential' : null
}
