import type pg from 'pg'

/** Null while the database answers, else a sentence. One question at a time, however many ask. */
export function databaseReady(pool: Pick<pg.Pool, 'query'>): () => Promise<string | null> {
  let asking: Promise<string | null> | null = null
  return () =>
    (asking ??= pool
      .query('select 1')
      .then(() => null)
      .catch(() => 'the database does not answer')
      .finally(() => (asking = null)))
}
