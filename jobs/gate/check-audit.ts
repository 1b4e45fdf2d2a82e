import type { AuditHead, ChainVerdict } from '../../src/core/audit.ts'
import type { GateDeps } from './deps.ts'

interface AuditDeps extends Pick<GateDeps, 'clock' | 'log'> {
  /** Recomputes the whole chain; `heads` were seen before and must still be part of it. */
  verifyAudit(heads: readonly AuditHead[]): Promise<ChainVerdict>
  metrics: Pick<GateDeps['metrics'], 'auditChecked'>
}

/**
 * Looks at the audit chain as `cupel audit verify` does. The last head found intact is kept in this process, outside
 * the database: a tail that is cut between two looks shows, though database and its own head agree.
 */
export function auditCheck(deps: AuditDeps): () => Promise<void> {
  const seen: AuditHead[] = []
  return async () => {
    const verdict = await deps.verifyAudit(seen)
    switch (verdict.outcome) {
      case 'intact':
        seen.splice(0, 1, verdict.head)
        deps.metrics.auditChecked('intact', verdict.head.sequence, deps.clock.now())
        return
      case 'broken':
        deps.metrics.auditChecked('broken', verdict.sequence - 1, deps.clock.now())
        deps.log.error({ row: verdict.sequence, why: verdict.why }, 'the audit chain is broken')
    }
  }
}
