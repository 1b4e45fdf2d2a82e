import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { admitRoles } from '../../src/adapters/postgres/migrate.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { roleUrl, type Role } from '../../src/adapters/postgres/roles.ts'

export interface TestDatabase {
  ownerUrl: string
  url(role: Role): string
  /** A pool of that role, or of the owner; closed by `drop`. */
  pool(role: Role | 'owner', max?: number): pg.Pool
  drop(): Promise<void>
}

/** A migrated database of its own, copied from the run's template. */
export async function testDatabase(): Promise<TestDatabase> {
  const answer = await fetch(inject('databaseService'))
  const serverUrl = await answer.text()
  if (!answer.ok) throw new Error(serverUrl)
  const name = `t_${randomBytes(6).toString('hex')}`
  await asOwner(serverUrl, client => client.query(`create database ${name} template cupel_template`))
  const owner = new URL(serverUrl)
  owner.pathname = `/${name}`
  await asOwner(owner.href, client => admitRoles(client, owner.href))
  const pools: pg.Pool[] = []
  return {
    ownerUrl: owner.href,
    url: role => roleUrl(owner.href, role),
    pool(role, max = 4) {
      const pool = openPool(role === 'owner' ? owner.href : roleUrl(owner.href, role), { max })
      pools.push(pool)
      return pool
    },
    async drop() {
      await Promise.all(pools.map(pool => pool.end()))
      await asOwner(serverUrl, client => client.query(`drop database ${name} with (force)`))
    },
  }
}

async function asOwner(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
