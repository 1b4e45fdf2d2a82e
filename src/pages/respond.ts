import type { ServerResponse } from 'node:http'
import { styleSource } from './frame.ts'

/** Nothing is loaded, run, framed or sent anywhere else. */
const policy = `default-src 'none'; style-src ${styleSource}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object | string,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      ...headers,
    })
    .end(typeof body === 'string' ? body : JSON.stringify(body))
}

export function sendPage(
  response: ServerResponse,
  status: number,
  document: string,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      // Without any, browsers would name no origin when a form is sent.
      'referrer-policy': 'same-origin',
      ...headers,
    })
    .end(document)
}

/** The parts of a path; one that cannot be decoded is the id of nothing. */
export function pathParts(path: string): string[] {
  return path.split('/').slice(1).map(decoded)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
