import type pg from 'pg'
import type { GateLock } from '../../ports/gate.ts'
import { whileLocked } from './locks.ts'

/** Takes one connection of `pool` for as long as `work` runs. Not through a pooler in transaction mode. */
export function gateLock(pool: pg.Pool): GateLock {
  return { whileActive: work => whileLocked(pool, 'gate', 'the gate’s lock', work) }
}
