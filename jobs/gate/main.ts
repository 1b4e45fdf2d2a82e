import { randomBytes } from 'node:crypto'
import { archiveCounts } from '../../src/adapters/postgres/archive-counts.ts'
import { downtime } from '../../src/adapters/postgres/downtime.ts'
import { auditDraws } from '../../src/adapters/postgres/audit-draws.ts'
import { gateStores } from '../../src/adapters/postgres/gate-stores.ts'
import { gateLock } from '../../src/adapters/postgres/gate-lock.ts'
import { whileLocked } from '../../src/adapters/postgres/locks.ts'
import { verifyAudit } from '../../src/adapters/postgres/audit-log.ts'
import { lastBackup } from '../../src/adapters/postgres/backups.ts'
import { labelCoverage } from '../../src/adapters/postgres/label-coverage.ts'
import { openPool, withClient } from '../../src/adapters/postgres/pool.ts'
import { databaseReady } from '../../src/adapters/postgres/ready.ts'
import { scoring } from '../../src/adapters/postgres/scoring.ts'
import type { kubernetesGate } from '../../src/adapters/kubernetes/gate.ts'
import { gateMetrics } from '../../src/adapters/prometheus/gate-metrics.ts'
import { serveMetrics } from '../../src/adapters/prometheus/serve.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { readEnvironment } from '../../src/adapters/system/environment.ts'
import { localDeployer } from '../../src/adapters/system/local-deployer.ts'
import { createLog } from '../../src/adapters/system/log.ts'
import { runProcess } from '../../src/adapters/system/process.ts'
import { repeater } from '../../src/adapters/system/repeat.ts'
import { Fault } from '../../src/core/fault.ts'
import { matching } from '../../src/core/match/likeness.ts'
import { auditCheck } from './check-audit.ts'
import type { GateDeps } from './deps.ts'
import { reconcile } from './reconcile.ts'
import { turn } from './turn.ts'

/** What failed is tried again after twice the last pause, up to this. */
const LONGEST_PAUSE_MS = 300_000
const MEASURE_EVERY_MS = 30_000
/** A row takes 3 µs to hash, beside being read: an hour leaves room for many years of them. */
const AUDIT_EVERY_MS = 3_600_000

/** Loaded only there: Kubernetes' client takes a second and 80 MB. */
async function kubernetes(
  ...deps: Parameters<typeof kubernetesGate>
): Promise<ReturnType<typeof kubernetesGate>> {
  const loaded = await import('../../src/adapters/kubernetes/gate.ts')
  return loaded.kubernetesGate(...deps)
}

await runProcess('gate', async () => {
  const environment = readEnvironment(process.env, 'gate')
  const { databaseUrl, gate } = environment
  if (databaseUrl === null)
    throw new Fault('configuration-invalid', 'DATABASE_URL is needed here', { retry: 'never' })
  const log = createLog({ level: environment.logLevel, name: 'gate' })
  const clock = systemClock
  const { metrics, ...exposition } = gateMetrics()
  const pool = openPool(databaseUrl, { log, applicationName: 'cupel gate' })
  const local = { deployer: localDeployer, lock: gateLock(pool), release: async () => {} }
  const platform = gate.deployer === 'local' ? local : await kubernetes({ clock, log, lock: local.lock })
  const deps: GateDeps = {
    clock,
    log,
    metrics,
    scoring: scoring(pool),
    draws: auditDraws(pool),
    labelCoverage: () => labelCoverage(pool),
    likeness: matching,
    judgingBudget: gate.judgingBudget,
    newSeed: () => randomBytes(32).toString('hex'),
    lock: platform.lock,
    ...gateStores(pool),
    deployer: platform.deployer,
    refusals: new Map(),
  }

  const stopping = new AbortController()
  const again = async <T>(
    work: () => Promise<T>,
    report: (outcome: T | 'failed', seconds: number) => void,
    longestMs: number,
  ): Promise<void> => {
    let pauseMs = gate.everyMs
    while (!stopping.signal.aborted) {
      const began = clock.elapsed()
      const seconds = (): number => (clock.elapsed() - began) / 1_000
      try {
        report(await work(), seconds())
        pauseMs = gate.everyMs
      } catch (error) {
        report('failed', seconds())
        pauseMs = Math.max(gate.everyMs, Math.min(2 * pauseMs, longestMs))
        log.warn({ err: error, pauseMs }, 'a turn of the gate failed; it is tried again')
      }
      await clock.sleep(pauseMs, stopping.signal).catch(() => {})
    }
  }
  const turning = Promise.all([
    again(
      // Two gates at once are one: what another is at is left to it.
      () =>
        whileLocked(pool, 'gate turn', 'the turn’s lock', lost =>
          turn(deps, AbortSignal.any([stopping.signal, lost])),
        ),
      metrics.turn,
      LONGEST_PAUSE_MS,
    ),
    // Beside scoring, so that many samples that are due never delay a rollback; nor does what failed before.
    again(() => reconcile(deps, stopping.signal), metrics.reconciled, gate.everyMs),
  ])
  const repeat = repeater({ log, signal: stopping.signal })
  const verify = auditCheck({
    ...deps,
    verifyAudit: heads => withClient(pool, client => verifyAudit(client, heads)),
  })
  const timers = [
    repeat(
      MEASURE_EVERY_MS,
      'measuring',
      async () => {
        metrics.archive(await archiveCounts(pool))
        metrics.downtime(await downtime(pool))
        const backup = await lastBackup(pool)
        if (backup !== null) metrics.backedUp(backup)
      },
      'at-once',
    ),
    repeat(AUDIT_EVERY_MS, 'the check of the audit chain', verify, 'at-once'),
  ]
  const exposed = await serveMetrics(
    exposition,
    { host: environment.host, port: environment.metricsPort },
    databaseReady(pool),
  )
  log.info({ metricsPort: exposed.port }, 'scoring')

  return async () => {
    for (const timer of timers) clearInterval(timer)
    stopping.abort()
    await turning
    await platform.release()
    await exposed.close()
    await pool.end()
  }
})
