import type pg from 'pg'
import type { GateReleases, ReleaseOrder, ReleaseState } from '../../ports/gate.ts'
import { askDoor } from './door-answer.ts'
import { storable, type Db } from './pool.ts'

/** Releases and what is done to them through doors, with the rights of cupel_gate. */
export function gateReleases(pool: pg.Pool): GateReleases {
  return {
    all: () => states(pool, 'true order by s.created_at, s.id'),
    async inForce() {
      const [release] = await states(pool, "s.step = 'full' order by s.step_id desc limit 1")
      if (!release) throw new Error('no release is in force')
      return release
    },
    release: verdictId => askDoor(pool, 'select doors.release($1) as answer', [verdictId]),
    step: (releaseId, step, reason) =>
      askDoor(pool, 'select doors.step_release($1, $2, $3) as answer', [releaseId, step, storable(reason)]),
    order: (kind, releaseId) =>
      askDoor(pool, 'select doors.place_order($1, $2) as answer', [kind, releaseId]),
    orders: releaseId => orders(pool, releaseId),
  }
}

async function states(db: Db, where: string): Promise<ReleaseState[]> {
  const { rows } = await db.query<{
    id: string
    kind: ReleaseState['kind']
    configuration_id: string
    configuration: string
    verdict_id: string | null
    created_at: Date
    step: ReleaseState['step']
    share: number
    reason: string
    at: Date
  }>(
    `select s.id, s.kind, s.configuration_id, s.configuration, s.verdict_id, s.created_at, s.step, s.share, s.reason, s.at
     from production.release_states s where ${where}`,
  )
  return rows.map(row => ({
    id: row.id,
    kind: row.kind,
    configurationId: row.configuration_id,
    configuration: row.configuration,
    verdictId: row.verdict_id,
    createdAt: row.created_at,
    step: row.step,
    share: row.share,
    reason: row.reason,
    at: row.at,
  }))
}

async function orders(db: Db, releaseId: string): Promise<ReleaseOrder[]> {
  const { rows } = await db.query<{
    id: string
    kind: ReleaseOrder['kind']
    release_id: string
    ordered_at: Date
    result: unknown
    finished_at: Date | null
  }>(
    `select id, kind, release_id, ordered_at, result, finished_at from production.orders
     where release_id = $1 order by ordered_at, id`,
    [releaseId],
  )
  return rows.map(row => ({
    id: row.id,
    kind: row.kind,
    releaseId: row.release_id,
    orderedAt: row.ordered_at,
    result: row.result,
    finishedAt: row.finished_at,
  }))
}
