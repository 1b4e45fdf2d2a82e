import { createPublicKey, randomBytes, verify, type KeyObject } from 'node:crypto'
import {
  permissionOf,
  type Access,
  type Installation,
  type InstallationToken,
  type Repository,
  type User,
} from './state.ts'
import { forbidden, notFound, Refusal, unprocessable, type World } from './world.ts'

export type Actor =
  | { kind: 'app' }
  | { kind: 'installation'; token: InstallationToken; user: User }
  | { kind: 'user'; user: User }
  | { kind: 'nobody' }

/** GitHub refuses App tokens that live longer than ten minutes. */
const MAX_JWT_SECONDS = 600
const SKEW_SECONDS = 60
const TOKEN_LIFETIME_MS = 3_600_000

const decodeJson = (part: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>

const verifyJwt = (world: World, key: KeyObject, jwt: string): Actor => {
  const [head = '', claims = '', signature = ''] = jwt.split('.')
  const refuse = (why: string): Refusal => new Refusal(401, why)
  try {
    if (decodeJson(head)['alg'] !== 'RS256') throw refuse('A JSON web token could not be decoded')
    if (!verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))) {
      throw refuse('A JSON web token could not be decoded')
    }
    const { iat, exp, iss } = decodeJson(claims)
    const now = world.now().getTime() / 1000
    if (Number(iss) !== world.app.id) throw refuse('A JSON web token could not be decoded')
    if (!(Number(exp) > now))
      throw refuse(
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
      )
    if (Number(exp) > now + MAX_JWT_SECONDS + SKEW_SECONDS)
      throw refuse("'Expiration time' claim ('exp') is too far in the future")
    if (Number(iat) > now + SKEW_SECONDS)
      throw refuse(
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      )
    return { kind: 'app' }
  } catch (error) {
    throw error instanceof Refusal ? error : refuse('A JSON web token could not be decoded')
  }
}

export const createAuthenticator = (world: World, pem: string) => {
  const key = createPublicKey(pem)
  return (header: string | undefined): Actor => {
    if (header === undefined) return { kind: 'nobody' }
    const [scheme = '', rest = ''] = header.split(' ')
    // git and curl send a token as the password of any user name.
    const token = /^basic$/i.test(scheme)
      ? Buffer.from(rest, 'base64').toString().split(':').slice(1).join(':')
      : rest
    if (token.split('.').length === 3) return verifyJwt(world, key, token)
    const user = world.state.userTokens.get(token)
    if (user !== undefined && user.type !== 'Bot') return { kind: 'user', user }
    const known = world.state.tokens.get(token)
    if (known === undefined || known.expiresAt <= world.now().getTime())
      throw new Refusal(401, 'Bad credentials')
    if (!world.state.installations.has(known.installation.id)) throw new Refusal(401, 'Bad credentials')
    if (known.installation.suspended !== null) throw suspended()
    return { kind: 'installation', token: known, user: world.app.bot }
  }
}

const suspended = (): Refusal => new Refusal(403, 'This installation has been suspended')

/** A token for an installation, narrowed to what `wanted` names. */
export const mintToken = (
  world: World,
  installation: Installation,
  wanted: {
    permissions?: Access | undefined
    repositories?: string[] | undefined
    repository_ids?: number[] | undefined
  },
): { value: string; token: InstallationToken } => {
  if (installation.suspended !== null) throw suspended()
  for (const [name, level] of Object.entries(wanted.permissions ?? {})) {
    const granted = installation.permissions[name]
    if (granted === undefined || (level === 'write' && granted === 'read')) {
      throw unprocessable('The permissions requested are not granted to this installation.')
    }
  }
  const ids = new Set(wanted.repository_ids)
  for (const name of wanted.repositories ?? []) {
    const repo = [...world.state.repositories.values()].find(
      one => one.name.toLowerCase() === name.toLowerCase() && installation.repositoryIds.has(one.id),
    )
    if (repo === undefined)
      throw unprocessable(
        'There is at least one repository that does not exist or is not accessible to the parent installation.',
      )
    ids.add(repo.id)
  }
  if ([...ids].some(id => !installation.repositoryIds.has(id))) {
    throw unprocessable(
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  }
  const token: InstallationToken = {
    installation,
    permissions: { ...(wanted.permissions ?? installation.permissions), metadata: 'read' },
    repositoryIds: ids.size > 0 ? ids : null,
    expiresAt: world.now().getTime() + TOKEN_LIFETIME_MS,
  }
  const value = `ghs_${randomBytes(18).toString('hex')}`
  world.state.tokens.set(value, token)
  return { value, token }
}

export const reaches = (token: InstallationToken, repo: Repository): boolean =>
  token.installation.repositoryIds.has(repo.id) && (token.repositoryIds?.has(repo.id) ?? true)

/** `pull_requests:write`, or several of which one is enough. */
export type Need = `${string}:${'read' | 'write'}`

/**
 * Throws what GitHub answers when the actor may not do this: 404 for what it may not see, 403 for the rest.
 * A person needs only to see the repository: comments and reviews are open to everybody who does.
 */
export const authorize = (actor: Actor, repo: Repository, needs: readonly Need[]): void => {
  if (actor.kind === 'installation') {
    if (!reaches(actor.token, repo)) {
      if (repo.private) throw notFound()
      if (needs.some(need => need.endsWith(':write'))) throw forbidden()
      return
    }
    const granted = needs.some(need => {
      const [name = '', level] = need.split(':')
      const has = actor.token.permissions[name]
      return has === 'write' || (has === 'read' && level === 'read')
    })
    if (!granted) throw forbidden()
    return
  }
  if (actor.kind === 'app') throw new Refusal(401, 'A JSON web token could not be decoded')
  if (actor.kind === 'nobody') {
    if (repo.private) throw notFound()
    if (needs.some(need => need.endsWith(':write'))) throw new Refusal(401, 'Requires authentication')
    return
  }
  if (permissionOf(repo, actor.user.login) === null) throw notFound()
}
