import type { IncomingMessage } from 'node:http'

/** Room for the longest reason, percent-encoded, and the marks of a form. */
const MOST_BYTES = 32_768

/** The fields of a form; or the status that says why there are none. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | 413 | 415> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') return 415
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) return 413
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) return 413
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

/** Whether a browser says that one of our own pages sent this. One that says nothing is not believed. */
export function isFromOwnPage({ headers }: IncomingMessage): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  if (site !== undefined && site !== 'same-origin') return false
  if (origin === undefined) return site === 'same-origin'
  return URL.parse(origin)?.host === host
}
