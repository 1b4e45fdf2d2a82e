import type { Db } from './pool.ts'

/** Rows of one statement: short enough for nobody to wait for its locks. */
const batch = 1_000

/** Deletes the rows that are too old, oldest first, a thousand at a time. `key`: columns of the primary key. */
export async function deleteInBatches(
  db: Db,
  table: string,
  key: readonly string[],
  { where, oldest }: { where: string; oldest: string },
  values: readonly unknown[],
): Promise<number> {
  const columns = key.join(', ')
  let deleted = 0
  for (;;) {
    const { rowCount } = await db.query(
      `delete from ${table} where (${columns}) in (
         select ${columns} from ${table} where ${where} order by ${oldest} limit ${batch})`,
      [...values],
    )
    deleted += rowCount ?? 0
    if ((rowCount ?? 0) < batch) return deleted
  }
}
