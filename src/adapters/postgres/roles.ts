import { createHmac } from 'node:crypto'
import { Fault } from '../../core/fault.ts'

export const roles = [
  'cupel_web',
  'cupel_production',
  'cupel_experiments',
  'cupel_gate',
  'cupel_archive',
  'cupel_operator',
] as const
export type Role = (typeof roles)[number]

/**
 * A role's password: HMAC-SHA-256 of its name under the owner's password, so that every supervisor of one
 * database agrees without sharing anything else, and no role can work out another's.
 * Throws Fault configuration-invalid when the URL is none or holds no password.
 */
export function rolePassword(ownerUrl: string, role: Role): string {
  return derived(ownerUrl, `cupel role ${role}`)
}

/** What the dashboard of the embedded default signs with: kept nowhere, the same at every start on one database. */
export function derivedSessionSecret(ownerUrl: string): string {
  return derived(ownerUrl, 'cupel session')
}

function derived(ownerUrl: string, what: string): string {
  const secret = passwordOf(ownerUrl)
  if (secret === null || secret === '') {
    const wrong =
      secret === null
        ? 'is not a URL: postgres://user:password@host:port/database, special characters percent-encoded'
        : 'needs a password: the roles’ passwords derive from it'
    throw new Fault('configuration-invalid', `DATABASE_URL ${wrong}`, { retry: 'never' })
  }
  return createHmac('sha256', secret).update(what).digest('base64url')
}

function passwordOf(url: string): string | null {
  try {
    return decodeURIComponent(new URL(url).password)
  } catch {
    return null
  }
}

/** The owner's URL with the role's name and password in place of the owner's. */
export function roleUrl(ownerUrl: string, role: Role): string {
  const url = new URL(ownerUrl)
  url.password = rolePassword(ownerUrl, role)
  url.username = role
  return url.href
}
