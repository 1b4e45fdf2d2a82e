import type { V1Deployment } from '@kubernetes/client-node'

export type RolloutStatus =
  | { state: 'rolled-out' }
  | { state: 'under-way'; words: string }
  | { state: 'failed'; why: string }

/**
 * Whether every pod is of the newest template and none of an older one is left. The fields and their order are those of
 * `kubectl rollout status`: until the controller has seen the newest generation, the rest is about an older one.
 */
export function rolloutStatus({ metadata, spec, status }: V1Deployment): RolloutStatus {
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 1))
    return { state: 'under-way', words: 'the change was not seen yet' }
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return {
      state: 'failed',
      why: `the roll-out made no progress: ${progressing.message ?? 'no reason given'}`,
    }
  const wanted = spec?.replicas ?? 1
  const { replicas = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status ?? {}
  const under = (words: string): RolloutStatus => ({
    state: 'under-way',
    words: spec?.paused === true ? `${words}; the Deployment is paused` : words,
  })
  if (updated < wanted) return under(`${updated} of ${wanted} pods are new`)
  if (replicas > updated) return under(`${replicas - updated} old pods are left`)
  if (available < updated) return under(`${available} of ${updated} new pods are available`)
  return { state: 'rolled-out' }
}
