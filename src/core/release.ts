import type { Configuration } from './configuration.ts'
import { genesisConfiguration } from './genesis.ts'
import { configurationId } from './ids.ts'
import { sampleId, uniform } from './sample.ts'

export type ReleaseKind = 'genesis' | 'genesis-models' | 'promoted'

/** A release that may review, with what this version of Cupel makes of its configuration. */
export interface StandingRelease {
  id: string
  kind: ReleaseKind
  step: 'canary' | 'full'
  /** Share of the pull requests that a canary reviews, 0 to 1. */
  share: number
  configurationId: string
  /** Null: this version cannot read it. */
  configuration: Configuration | null
  createdAt: Date
}

export interface ReleaseChoice {
  release: StandingRelease & { configuration: Configuration }
  /** Ids of releases that should have reviewed it and cannot be read. */
  unreadable: string[]
}

/**
 * Which release reviews a pull request: a canary that it was drawn for, else the one that became full last, else the
 * full one before it. The last resort is what this version ships as genesis. `standing`: the canary, then full ones, the
 * newest first.
 */
export function chooseRelease(
  secret: string,
  pull: { repositoryId: number; number: number },
  standing: readonly StandingRelease[],
): ReleaseChoice {
  const unreadable: string[] = []
  for (const release of standing) {
    if (release.step === 'canary' && !drawCanary(secret, pull, release)) continue
    const { configuration } = release
    if (configuration !== null) return { release: { ...release, configuration }, unreadable }
    unreadable.push(release.id)
  }
  return { release: shippedGenesis(standing), unreadable }
}

/**
 * Whether a pull request goes to a canary: the same answer for all its pushes, another draw for every release, and not
 * to be guessed without the secret. Independent of the draw of samples.
 */
export function drawCanary(
  secret: string,
  pull: { repositoryId: number; number: number },
  release: { id: string; share: number },
): boolean {
  return uniform(secret, `release/${release.id}/${sampleId(pull)}`) < release.share
}

function shippedGenesis(standing: readonly StandingRelease[]): ReleaseChoice['release'] {
  const known = standing.find(release => release.kind === 'genesis')
  return {
    id: 'genesis',
    kind: 'genesis',
    step: 'full',
    share: 1,
    configurationId: configurationId(genesisConfiguration),
    configuration: genesisConfiguration,
    createdAt: known?.createdAt ?? new Date(0),
  }
}

/** Where a release stands, said to people: of those that are full, one reviews and the others wait beneath it. */
export function releaseStanding({ step, inForce }: { step: string; inForce: boolean }): string {
  if (inForce) return 'in force'
  return step === 'full' ? 'beneath' : step
}
