import { credentials, privateKeys } from '../../core/secrets.ts'

const hidden = '[redacted]'

/** Linear in the text: every pattern begins with fixed text and repeats one class. */
const patterns: readonly [RegExp, string][] = [
  // A key ends with its JSON string at the latest.
  [privateKeys('[^"]'), hidden],
  ...credentials.map((pattern): [RegExp, string] => [pattern, hidden]),
  [/\bsk-[A-Za-z0-9_-]{8,}/g, hidden],
  [/\bsha(?:1|256)=[0-9a-f]{40,64}\b/gi, hidden],
  [/\b(bearer|token|basic) [A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${hidden}`],
  [
    /("(?:authorization|proxy-authorization|cookie|set-cookie|x-hub-signature(?:-256)?|x-api-key|api_?key|private_?key|password|passwd|(?:webhook|client)?_?secret|(?:access|installation)?_?token)":)"(?:[^"\\]|\\.)*"/gi,
    `$1"${hidden}"`,
  ],
]

/**
 * Text, such as a line of JSON, without credentials: GitHub and model tokens, JSON web tokens, private keys,
 * signatures, passwords in URLs, values of fields named like secrets, and `secrets` themselves (those of 8
 * characters or more, as shorter ones would take ordinary words with them). JSON stays JSON.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let result = text
  for (const secret of secrets) {
    if (secret.length < 8) continue
    result = result.replaceAll(secret, hidden).replaceAll(JSON.stringify(secret).slice(1, -1), hidden)
  }
  for (const [pattern, replacement] of patterns) result = result.replaceAll(pattern, replacement)
  return result
}
