import { randomBytes } from 'node:crypto'
import { archiveCounts } from '../../src/adapters/postgres/archive-counts.ts'
import { auditDraws } from '../../src/adapters/postgres/audit-draws.ts'
import { verifyAudit } from '../../src/adapters/postgres/audit-log.ts'
import { lastBackup } from '../../src/adapters/postgres/backups.ts'
import { labelCoverage } from '../../src/adapters/postgres/label-coverage.ts'
import { withTurn } from '../../src/adapters/postgres/locks.ts'
import { openPool, withClient } from '../../src/adapters/postgres/pool.ts'
import { scoring } from '../../src/adapters/postgres/scoring.ts'
import { gateMetrics } from '../../src/adapters/prometheus/gate-metrics.ts'
import { serveMetrics } from '../../src/adapters/prometheus/serve.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { readEnvironment } from '../../src/adapters/system/environment.ts'
import { createLog } from '../../src/adapters/system/log.ts'
import { runProcess } from '../../src/adapters/system/process.ts'
import { repeater } from '../../src/adapters/system/repeat.ts'
import { Fault } from '../../src/core/fault.ts'
import { matching } from '../../src/core/match/likeness.ts'
import { auditCheck } from './check-audit.ts'
import type { GateDeps } from './deps.ts'
import { turn } from './turn.ts'

/** A turn that failed is tried again after twice the last pause, up to this. */
const LONGEST_PAUSE_MS = 300_000
const MEASURE_EVERY_MS = 30_000
/** A row takes 3 µs to hash, beside being read: an hour leaves room for many years of them. */
const AUDIT_EVERY_MS = 3_600_000

await runProcess('gate', async () => {
  const environment = readEnvironment(process.env, 'gate')
  const { databaseUrl, gate } = environment
  if (databaseUrl === null)
    throw new Fault('configuration-invalid', 'DATABASE_URL is needed here', { retry: 'never' })
  const log = createLog({ level: environment.logLevel, name: 'gate' })
  const clock = systemClock
  const { metrics, ...exposition } = gateMetrics()
  const pool = openPool(databaseUrl, { log, applicationName: 'cupel gate' })
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
  }

  const stopping = new AbortController()
  const turning = (async () => {
    let pauseMs = gate.everyMs
    while (!stopping.signal.aborted) {
      const began = clock.elapsed()
      try {
        // Two gates at once are one: what another is at is left to it.
        const outcome = await withTurn(pool, 'gate', lost =>
          turn(deps, AbortSignal.any([stopping.signal, lost])),
        )
        metrics.turn(outcome, (clock.elapsed() - began) / 1_000)
        pauseMs = gate.everyMs
      } catch (error) {
        metrics.turn('failed', (clock.elapsed() - began) / 1_000)
        pauseMs = Math.max(gate.everyMs, Math.min(2 * pauseMs, LONGEST_PAUSE_MS))
        log.warn({ err: error, pauseMs }, 'a turn of the gate failed; it is tried again')
      }
      await clock.sleep(pauseMs, stopping.signal).catch(() => {})
    }
  })()
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
        const backup = await lastBackup(pool)
        if (backup !== null) metrics.backedUp(backup)
      },
      'at-once',
    ),
    repeat(AUDIT_EVERY_MS, 'the check of the audit chain', verify, 'at-once'),
  ]
  const exposed = await serveMetrics(exposition, { host: environment.host, port: environment.metricsPort })
  log.info({ metricsPort: exposed.port }, 'scoring')

  return async () => {
    for (const timer of timers) clearInterval(timer)
    stopping.abort()
    await turning
    await exposed.close()
    await pool.end()
  }
})
