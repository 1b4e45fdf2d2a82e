import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** Shorter ones could be guessed offline from one link. */
export const fewestSecretCharacters = 32
/** How long a sign-in link works, and what it begins. Milliseconds. */
export const signInMs = 10 * 60_000
export const sessionMs = 12 * 3_600_000

/** Who somebody is to the dashboard, until when (ms since 1970). `id` is drawn: no two tickets have the same. */
export interface Ticket {
  login: string
  id: string
  expiresAt: number
}

const fields = z.tuple([z.string().min(1).max(100), z.string().min(16).max(100), z.int()])

/** A login as a ticket and the audit log take it: 1 to 100 characters, none that is blank or unseen. */
export function isLogin(text: string): boolean {
  return /^[^\s\p{C}]{1,100}$/u.test(text)
}

/** A ticket as text for a URL or a cookie, signed with HMAC-SHA-256; one purpose's opens no other. */
export function sealTicket(
  secret: string,
  purpose: 'sign-in' | 'session',
  { login, id, expiresAt }: Ticket,
): string {
  const payload = Buffer.from(JSON.stringify([login, id, expiresAt])).toString('base64url')
  return `${payload}.${sign(secret, purpose, payload)}`
}

export function openTicket(
  secret: string,
  purpose: 'sign-in' | 'session',
  text: string,
  now: number,
): Ticket | 'forged' | 'expired' {
  const [payload = '', signature = '', ...more] = text.split('.')
  if (more.length > 0 || !same(signature, sign(secret, purpose, payload))) return 'forged'
  const read = fields.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()))
  if (!read.success) return 'forged'
  const [login, id, expiresAt] = read.data
  return now < expiresAt ? { login, id, expiresAt } : 'expired'
}

/** What a form must hold to be of this session. */
export function formToken(secret: string, session: Pick<Ticket, 'id'>): string {
  return sign(secret, 'form', session.id)
}

export function isFormToken(secret: string, session: Pick<Ticket, 'id'>, text: string): boolean {
  return same(text, formToken(secret, session))
}

function sign(secret: string, purpose: string, text: string): string {
  return createHmac('sha256', secret).update(`cupel ${purpose}\n${text}`).digest('base64url')
}

/** In a time that tells nothing about where they differ. */
function same(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
