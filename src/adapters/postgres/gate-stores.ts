import type pg from 'pg'
import { gateActions } from './gate-actions.ts'
import { gateEvidence } from './gate-evidence.ts'
import { publishedOutcomes } from './gate-published-outcomes.ts'
import { quarantine } from './gate-quarantine.ts'
import { gateReleases } from './gate-releases.ts'
import { gateSettings } from './gate-settings.ts'
import { verdicts } from './gate-verdicts.ts'

/** Everything the reconciler reads and writes, with the rights of cupel_gate. */
export function gateStores(pool: pg.Pool) {
  return {
    settings: () => gateSettings(pool),
    evidence: gateEvidence(pool),
    verdicts: verdicts(pool),
    actions: gateActions(pool),
    releases: gateReleases(pool),
    published: publishedOutcomes(pool),
    quarantine: quarantine(pool),
  }
}
