import type { Logger } from 'probot'
import type { GateDeps } from '../../jobs/gate/deps.ts'
import { reconcile } from '../../jobs/gate/reconcile.ts'
import { turn } from '../../jobs/gate/turn.ts'
import { auditDraws } from '../../src/adapters/postgres/audit-draws.ts'
import { gateStores } from '../../src/adapters/postgres/gate-stores.ts'
import { gateLock } from '../../src/adapters/postgres/gate-lock.ts'
import { labelCoverage } from '../../src/adapters/postgres/label-coverage.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { roleUrl } from '../../src/adapters/postgres/roles.ts'
import { scoring } from '../../src/adapters/postgres/scoring.ts'
import { gateMetrics } from '../../src/adapters/prometheus/gate-metrics.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { localDeployer } from '../../src/adapters/system/local-deployer.ts'
import { sha256 } from '../../src/core/ids.ts'
import { matching } from '../../src/core/match/likeness.ts'

/** A setting: six people who have time, so that every sample is drawn. */
const JUDGING_BUDGET = 1_000

/** The gate as its process runs it, with its own database role. */
export interface Gate extends Pick<
  GateDeps,
  'evidence' | 'verdicts' | 'releases' | 'published' | 'quarantine' | 'settings'
> {
  /** One look: draw and scores, then verdicts and what follows from them. */
  look(): Promise<void>
  close(): Promise<void>
}

export function startGate(options: { ownerUrl: string; seed: string; log: Logger }): Gate {
  const { log, seed } = options
  const pool = openPool(roleUrl(options.ownerUrl, 'cupel_gate'), { log })
  const { signal } = new AbortController()
  let draws = 0
  const deps: GateDeps = {
    clock: systemClock,
    log,
    metrics: gateMetrics().metrics,
    scoring: scoring(pool),
    draws: auditDraws(pool),
    labelCoverage: () => labelCoverage(pool),
    likeness: matching,
    judgingBudget: JUDGING_BUDGET,
    newSeed: () => sha256(`${seed}/audit/${draws++}`),
    lock: gateLock(pool),
    ...gateStores(pool),
    deployer: localDeployer,
    refusals: new Map(),
  }
  return {
    ...deps,
    async look() {
      await turn(deps, signal)
      await reconcile(deps, signal)
    },
    close: () => pool.end(),
  }
}
