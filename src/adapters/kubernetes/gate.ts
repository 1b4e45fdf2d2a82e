import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock } from '../../ports/clock.ts'
import type { Deployer } from '../../ports/deployer.ts'
import type { GateLock } from '../../ports/gate.ts'
import { ownCluster } from './cluster.ts'
import { kubernetesDeployer } from './deployer.ts'
import { withLease } from './gate-lock.ts'
import { gateLease } from './lease.ts'

interface Deps {
  clock: Clock
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  lock: GateLock
}

/** What a gate in a pod has in place of the local deployer and the database's lock alone. Throws Fault configuration-invalid. */
export function kubernetesGate({ clock, log, lock }: Deps): {
  deployer: Deployer
  lock: GateLock
  /** Gives the Lease back. */
  release(): Promise<void>
} {
  const cluster = ownCluster()
  const lease = gateLease(cluster, clock, `${hostname()}_${randomUUID()}`)
  return {
    deployer: kubernetesDeployer({ cluster, log }),
    lock: withLease(lock, lease, { clock, log }),
    release: () =>
      lease
        .release()
        .catch((error: unknown) =>
          log.warn({ err: error }, 'the gate’s Lease was not given back; it ends by itself'),
        ),
  }
}
