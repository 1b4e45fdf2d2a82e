import type pg from 'pg'
import type { DoorAnswer } from '../../ports/gate.ts'

/** What a door raises when it looked and says no, and (class 22) when stored figures cannot be computed with. */
const refusal = /^(23514|P0002|22...)$/

/** Asks a door: the first column of its one row is `answer`. A table's own constraint is a mistake of ours, and is thrown. */
export async function askDoor<T>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[],
): Promise<DoorAnswer<T>> {
  try {
    const { rows } = await pool.query<{ answer: T }>(text, [...values])
    return { outcome: 'done', value: (rows[0] as { answer: T }).answer }
  } catch (error) {
    const { code, constraint, message } = error as { code?: unknown; constraint?: unknown; message?: unknown }
    if (typeof code === 'string' && refusal.test(code) && constraint === undefined)
      return { outcome: 'refused', why: String(message) }
    throw error
  }
}
