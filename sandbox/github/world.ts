import { compareTrees, type Comparison } from './patches.ts'
import { mergeBase } from './git.ts'
import type { Pull, Repository, State, User } from './state.ts'
import type { ManifestCodes } from './routes/manifests.ts'
import type { Webhooks } from './webhooks.ts'

/** What every part of the local GitHub works on. */
export interface World {
  /** REST base, without a slash at the end. */
  url: () => string
  state: State
  app: {
    id: number
    slug: string
    owner: User
    bot: User
    permissions: Record<string, 'read' | 'write'>
    events: string[]
    privateKey: string
    webhookSecret: string
  }
  now: () => Date
  webhooks: Webhooks
  manifests: ManifestCodes
  dataDir: string
  comparisons: Map<string, Promise<Comparison>>
}

// A comparison of commits never changes; the newest few hundred are kept because a review asks for one several times.
const KEPT_COMPARISONS = 500

/** The changes between two commits, kept. */
export const compare = (world: World, repo: Repository, base: string, head: string): Promise<Comparison> => {
  const key = `${repo.dir}:${base}:${head}`
  const known = world.comparisons.get(key)
  if (known !== undefined) return known
  const made = compareTrees(repo.dir, base, head)
  world.comparisons.set(key, made)
  made.catch(() => world.comparisons.delete(key))
  if (world.comparisons.size > KEPT_COMPARISONS) {
    const [oldest] = world.comparisons.keys()
    if (oldest !== undefined) world.comparisons.delete(oldest)
  }
  return made
}

export const pullComparison = (world: World, pull: Pull): Promise<Comparison> =>
  compare(world, pull.repo, pull.mergeBase, pull.head.sha)

export const mergeBaseOf = (repo: Repository, base: string, head: string): Promise<string> =>
  mergeBase(repo.dir, base, head)

/** A refusal that is answered as GitHub words it. */
export class Refusal extends Error {
  readonly status: number
  readonly errors: unknown[] | undefined
  constructor(status: number, message: string, errors?: unknown[]) {
    super(message)
    this.status = status
    this.errors = errors
  }
}

export const notFound = (): Refusal => new Refusal(404, 'Not Found')
export const forbidden = (): Refusal => new Refusal(403, 'Resource not accessible by integration')
export const unprocessable = (message: string, errors?: unknown[]): Refusal =>
  new Refusal(422, errors === undefined ? message : 'Unprocessable Entity', errors)
