import type { Logger } from 'probot'
import type { GateDeps } from '../../jobs/gate/deps.ts'
import { reconcile } from '../../jobs/gate/reconcile.ts'
import { turn } from '../../jobs/gate/turn.ts'
import { auditDraws } from '../../src/adapters/postgres/audit-draws.ts'
import { gateActions } from '../../src/adapters/postgres/gate-actions.ts'
import { gateEvidence } from '../../src/adapters/postgres/gate-evidence.ts'
import { gateLock } from '../../src/adapters/postgres/gate-lock.ts'
import { publishedOutcomes } from '../../src/adapters/postgres/gate-published-outcomes.ts'
import { quarantine } from '../../src/adapters/postgres/gate-quarantine.ts'
import { gateReleases } from '../../src/adapters/postgres/gate-releases.ts'
import { gateSettings } from '../../src/adapters/postgres/gate-settings.ts'
import { verdicts } from '../../src/adapters/postgres/gate-verdicts.ts'
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
    settings: () => gateSettings(pool),
    evidence: gateEvidence(pool),
    verdicts: verdicts(pool),
    actions: gateActions(pool),
    releases: gateReleases(pool),
    published: publishedOutcomes(pool),
    quarantine: quarantine(pool),
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
