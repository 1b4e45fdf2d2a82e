import { configurationSchema } from '../../src/core/configuration.ts'
import { partsOf } from '../../src/core/experiment.ts'
import { impactOf, type Impact, type Neighbour } from '../../src/core/gate/impact.ts'
import { promptText } from '../../src/engine/prompts.ts'
import type { GatedExperiment } from '../../src/ports/gate.ts'
import type { ReconcileDeps } from './deps.ts'

/** Whatever shares a part or an ancestor with what failed: the trial, or the release that came of it. */
export async function impact(
  deps: Pick<ReconcileDeps, 'evidence' | 'releases'>,
  configuration: string,
  failed: { experimentId: string | null; releaseId: string | null },
  dangerous: boolean,
): Promise<Impact[]> {
  const parsed = configurationSchema.safeParse(JSON.parse(configuration))
  // A configuration of an older Cupel has no parts that this one knows.
  if (!parsed.success) return []
  const [experiments, releases] = await Promise.all([deps.evidence.experiments(), deps.releases.all()])
  const kin = kinOf(experiments, failed.experimentId)
  const neighbours: Neighbour[] = [
    ...experiments.map(({ id, state, parts }) => ({
      kind: 'experiment' as const,
      id,
      state,
      parts,
      kin: kin.has(id),
    })),
    ...releases.map(({ id, step, configuration: text }) => {
      const own = configurationSchema.safeParse(JSON.parse(text))
      const parts = own.success ? partsOf(own.data, promptText).map(part => part.fingerprint) : []
      return { kind: 'release' as const, id, state: step, parts, kin: false }
    }),
  ]
  return impactOf(
    partsOf(parsed.data, promptText),
    neighbours.filter(({ kind, id }) => id !== (kind === 'release' ? failed.releaseId : failed.experimentId)),
    dangerous,
  )
}

/** Ancestors and descendants. */
function kinOf(experiments: readonly GatedExperiment[], id: string | null): Set<string> {
  if (id === null) return new Set()
  const parents = new Map(experiments.map(each => [each.id, each.parentId]))
  const ancestors = (of: string): string[] => {
    const parent = parents.get(of)
    return parent ? [parent, ...ancestors(parent)] : []
  }
  const own = new Set(ancestors(id))
  return new Set(
    experiments.filter(each => own.has(each.id) || ancestors(each.id).includes(id)).map(each => each.id),
  )
}
