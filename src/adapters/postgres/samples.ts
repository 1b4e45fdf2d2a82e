import type pg from 'pg'
import type { DiffPrints } from '../../core/prints.ts'
import type { NewSample, Sampled, Samples } from '../../ports/feedback.ts'
import { inTransaction, storable, type Db } from './pool.ts'

export function samples(pool: pg.Pool): Samples {
  return {
    submit: sample => inTransaction(pool, db => submit(db, sample)),
    get: (repositoryId, number) => get(pool, repositoryId, number),
    end: (repositoryId, number, endedAt, merged) => end(pool, repositoryId, number, endedAt, merged),
    forget: before => forget(pool, before),
  }
}

async function submit(db: Db, sample: NewSample): Promise<boolean> {
  const remembered = await db.query(
    `insert into production.sampled (repository_id, number, sample_id, installation_id, head_sha, prints)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [
      sample.ref.repositoryId,
      sample.ref.number,
      sample.id,
      sample.ref.installationId,
      sample.headSha,
      JSON.stringify(sample.prints),
    ],
  )
  if (remembered.rowCount === 0) return false
  await db.query('select doors.submit_sample($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)', [
    sample.id,
    sample.ref.repositoryId,
    sample.ref.number,
    sample.headSha,
    sample.snapshot,
    sample.seed,
    sample.hunks,
    sample.changedLines,
    storable(sample.language),
    sample.releaseId,
    JSON.stringify(sample.findings),
    Math.round(sample.latencyMs),
    sample.degraded,
    sample.usd,
  ])
  return true
}

async function get(db: Db, repositoryId: number, number: number): Promise<Sampled | null> {
  const { rows } = await db.query<{ sample_id: string; head_sha: string; prints: DiffPrints }>(
    'select sample_id, head_sha, prints from production.sampled where repository_id = $1 and number = $2',
    [repositoryId, number],
  )
  const row = rows[0]
  return row ? { id: row.sample_id, headSha: row.head_sha, prints: row.prints } : null
}

async function end(
  db: Db,
  repositoryId: number,
  number: number,
  endedAt: Date,
  merged: boolean,
): Promise<void> {
  await db.query(
    `with ended as (
       update production.sampled set ended_at = coalesce(ended_at, $3)
       where repository_id = $1 and number = $2 returning sample_id
     ) select doors.end_sample(sample_id, $3, $4) from ended`,
    [repositoryId, number, endedAt, merged],
  )
}

async function forget(db: Db, before: Date): Promise<number> {
  const { rows } = await db.query<{ samples: number }>('select doors.forget_samples(null, $1) as samples', [
    before,
  ])
  return rows[0]?.samples ?? 0
}
