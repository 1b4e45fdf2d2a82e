import type pg from 'pg'
import type { Cycle, Hand } from '../../ports/dashboard.ts'
import { newestEvents } from './audit-log.ts'
import { publishedCosts } from './costs.ts'
import { publishedAction, publishedActions, requestAction } from './published-actions.ts'
import { doorRefusal, experimentsByPrefix, publishedExperiments, runCounts } from './published-experiments.ts'
import { publishedSettings, publishedVerdicts } from './published-gate.ts'
import { publishedRecords } from './published-records.ts'
import { publishedReleases, releaseOrders, releaseSteps } from './published-releases.ts'
import { publishedSlo } from './published-slo.ts'
import { explanationOf, standingOf } from './published-standing.ts'
import { storable, type Db } from './pool.ts'

/** With the rights of cupel_operator, as the command line has them. */
export function publishedCycle(pool: pg.Pool): Cycle {
  const exactly = <T extends { id: string }>(found: readonly T[], id: string): T | null =>
    found.find(each => each.id === id) ?? null
  return {
    settings: () => publishedSettings(pool),
    slo: () => publishedSlo(pool),
    experiments: () => publishedExperiments(pool),
    async standing(id) {
      const experiment = exactly(await experimentsByPrefix(pool, storable(id)), id)
      return experiment === null ? null : standingOf(pool, experiment, new Date())
    },
    runCounts: id => runCounts(pool, id),
    lastWords: () => publishedVerdicts(pool, 'last words'),
    async explanation(id) {
      const verdict = exactly(await publishedVerdicts(pool, { prefix: storable(id) }), id)
      return verdict === null ? null : explanationOf(pool, verdict)
    },
    releases: () => publishedReleases(pool),
    releaseSteps: id => releaseSteps(pool, id),
    releaseOrders: id => releaseOrders(pool, id),
    records: () => publishedRecords(pool, ''),
    record: async id => exactly(await publishedRecords(pool, storable(id)), id),
    actions: limit => publishedActions(pool, limit),
    action: id => publishedAction(pool, storable(id)),
    audit: (limit, before) => newestEvents(pool, limit, before),
    costs: (by, span) => publishedCosts(pool, by, span),
  }
}

export function administratorsHand(pool: pg.Pool): Hand {
  return {
    async ask(action) {
      try {
        await requestAction(pool, { ...action, source: 'dashboard' })
        return { refused: null }
      } catch (error) {
        const refused = doorRefusal(error)
        if (refused === null) throw error
        return { refused }
      }
    },
    useSignIn: link => useSignIn(pool, link),
  }
}

async function useSignIn(
  db: Db,
  { nonce, login, expiresAt }: { nonce: string; login: string; expiresAt: Date },
): Promise<boolean> {
  const { rows } = await db.query<{ first: boolean }>('select doors.use_sign_in($1, $2, $3) as first', [
    nonce,
    login,
    expiresAt,
  ])
  return rows[0]?.first ?? false
}
