import { V1MicroTime, type V1Lease } from '@kubernetes/client-node'
import type { Clock } from '../../ports/clock.ts'
import { call, fieldManager } from './call.ts'
import type { Cluster } from './cluster.ts'
import { gateNamespace as namespace, leaseName as name } from './names.ts'

/** A holder that gave no sign for so long is dead. */
const DURATION_S = 30
const TRIES = 3

export interface Lease {
  /** Takes it, or says that it is still held; 'busy' when another has it. Throws a Fault when it cannot be asked. */
  hold(): Promise<'held' | 'busy'>
  /** Gives it back, so that the next one need not wait; nothing when another has it. */
  release(): Promise<void>
}

/**
 * The Lease that shows which gate is the active one. Whether its holder is alive is told by this process's own steady
 * clock, from when it last saw the Lease change: no wall clock that jumps or differs takes it away.
 */
export function gateLease(
  { coordination }: Pick<Cluster, 'coordination'>,
  clock: Pick<Clock, 'now' | 'elapsed'>,
  holder: string,
): Lease {
  let seen: { version: string | undefined; at: number } | null = null
  const read = () => call(`reading ${name}`, () => coordination.readNamespacedLease({ namespace, name }))
  const write = (lease: V1Lease) =>
    call(`writing ${name}`, () =>
      coordination.replaceNamespacedLease({ namespace, name, fieldManager, body: lease }),
    )
  const heldByOther = ({ metadata, spec }: V1Lease): boolean => {
    if (!spec?.holderIdentity || spec.holderIdentity === holder) return false
    const version = metadata?.resourceVersion
    const at = clock.elapsed()
    if (seen === null || seen.version !== version) seen = { version, at }
    return at - seen.at < (spec.leaseDurationSeconds ?? DURATION_S) * 1_000
  }
  const mine = (lease: V1Lease | null): V1Lease => {
    const now = new V1MicroTime(clock.now().getTime())
    const old = lease?.spec
    const stays = old?.holderIdentity === holder
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: lease?.metadata ?? { name, namespace },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: DURATION_S,
        acquireTime: stays ? old.acquireTime : now,
        renewTime: now,
        leaseTransitions: (old?.leaseTransitions ?? 0) + (lease === null || stays ? 0 : 1),
      },
    }
  }
  return {
    async hold() {
      for (let tries = 0; tries < TRIES; tries++) {
        const lease = await read()
        if (lease === 'conflict') continue
        if (lease !== null && heldByOther(lease)) return 'busy'
        const written = await (lease === null
          ? call(`adding ${name}`, () =>
              coordination.createNamespacedLease({ namespace, fieldManager, body: mine(null) }),
            )
          : write(mine(lease)))
        if (written !== 'conflict' && written !== null) return 'held'
      }
      return 'busy'
    },
    async release() {
      const lease = await read()
      if (lease === null || lease === 'conflict' || lease.spec?.holderIdentity !== holder) return
      lease.spec.holderIdentity = undefined
      lease.spec.renewTime = new V1MicroTime(clock.now().getTime())
      await write(lease)
    },
  }
}
