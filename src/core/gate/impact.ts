import type { ExperimentState, Part } from '../experiment.ts'

/** What else could be hurt by the same thing. */
export interface Neighbour {
  kind: 'experiment' | 'release'
  id: string
  /** An experiment's state, or a release's step. */
  state: ExperimentState | 'smoke' | 'canary' | 'full' | 'failed'
  parts: readonly string[]
  /** An ancestor, descendant or sibling in a re-evaluation. */
  kin: boolean
}

export interface Impact {
  kind: Neighbour['kind']
  id: string
  state: Neighbour['state']
  /** Parts in common, said to people. */
  shares: readonly string[]
  action: string
}

/**
 * Experiments and releases that share a model, prompt, technique, routing or ancestor with what failed, and what is done
 * about each: a failure says something about them, and proves nothing.
 */
export function impactOf(
  parts: readonly Part[],
  neighbours: readonly Neighbour[],
  dangerous: boolean,
): Impact[] {
  // Nearly every configuration has the same analysers: sharing one says nothing.
  const telling = parts.filter(part => part.name !== 'configuration' && part.name !== 'analyser')
  return neighbours.flatMap(neighbour => {
    const shares = sharedWords(telling, neighbour)
    if (shares.length === 0) return []
    const { kind, id, state } = neighbour
    return [{ kind, id, state, shares, action: actionFor(neighbour, dangerous) }]
  })
}

function sharedWords(parts: readonly Part[], { parts: theirs, kin }: Neighbour): string[] {
  const words = parts.filter(part => theirs.includes(part.fingerprint)).map(part => part.words)
  // A prompt is shared by its name and by its text.
  return [...new Set(kin ? [...words, 'descent'] : words)]
}

function actionFor({ kind, state }: Neighbour, dangerous: boolean): string {
  if (kind === 'release')
    return state === 'canary' || state === 'full'
      ? 'stays in force under the watch'
      : 'none: it is not in force'
  if (state !== 'active' && state !== 'paused') return 'none: its trial has ended'
  return dangerous
    ? 'quarantined in the next turn if the part is blacklisted'
    : 'goes on: it is judged by its own figures'
}
