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
 * Throws Fault configuration-invalid when the URL holds no password.
 */
export function rolePassword(ownerUrl: string, role: Role): string {
  const secret = decodeURIComponent(new URL(ownerUrl).password)
  if (secret === '') {
    throw new Fault(
      'configuration-invalid',
      'DATABASE_URL needs a password: the roles’ passwords derive from it',
      {
        retry: 'never',
      },
    )
  }
  return createHmac('sha256', secret).update(`cupel role ${role}`).digest('base64url')
}

/** The owner's URL with the role's name and password in place of the owner's. */
export function roleUrl(ownerUrl: string, role: Role): string {
  const url = new URL(ownerUrl)
  url.password = rolePassword(ownerUrl, role)
  url.username = role
  return url.href
}
