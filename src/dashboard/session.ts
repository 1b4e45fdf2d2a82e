import type { IncomingMessage } from 'node:http'
import { openTicket, sealTicket, sessionMs, type Ticket } from '../core/ticket.ts'

/** Over https a browser takes a cookie of that name from this host alone. */
const cookieName = (secure: boolean): string => (secure ? '__Host-cupel' : 'cupel')

/** TLS ends before us: only whoever ends it knows. */
function isSecure({ headers }: IncomingMessage): boolean {
  const [nearest = ''] = String(headers['x-forwarded-proto'] ?? '').split(',')
  return nearest.trim() === 'https'
}

/** Who is signed in; null: nobody, or no longer. */
export function sessionOf(request: IncomingMessage, secret: string, now: number): Ticket | null {
  const name = cookieName(isSecure(request))
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key = '', value = ''] = pair.trim().split('=')
    if (key !== name) continue
    const ticket = openTicket(secret, 'session', value, now)
    if (typeof ticket === 'object') return ticket
  }
  return null
}

/** A Set-Cookie that begins a session. It cannot be taken back, only left to end: another secret ends all. */
export function sessionCookie(
  request: IncomingMessage,
  secret: string,
  { login, id }: Pick<Ticket, 'login' | 'id'>,
  now: number,
): string {
  const value = sealTicket(secret, 'session', { login, id, expiresAt: now + sessionMs })
  return cookie(request, value, sessionMs / 1_000)
}

export const endedCookie = (request: IncomingMessage): string => cookie(request, '', 0)

function cookie(request: IncomingMessage, value: string, seconds: number): string {
  const secure = isSecure(request)
  return `${cookieName(secure)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}
