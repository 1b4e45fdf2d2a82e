import type { Db } from './pool.ts'

/** Written by the owner once a backup was read back whole. */
export async function recordBackup(
  db: Db,
  backup: { takenAt: Date; bytes: number; rows: number },
): Promise<void> {
  await db.query('insert into audit.backups (taken_at, bytes, rows) values ($1, $2, $3)', [
    backup.takenAt,
    backup.bytes,
    backup.rows,
  ])
}

/** The moment that the newest backup shows; null when there never was one. For the gate and the operator. */
export async function lastBackup(db: Db): Promise<Date | null> {
  const { rows } = await db.query<{ taken_at: Date | null }>(
    'select max(taken_at) as taken_at from gate.published_backups',
  )
  return rows[0]?.taken_at ?? null
}
