// Run as a process of its own: holds one pull request's lock, says so and never lets go.
import { locks } from '../../../src/adapters/postgres/locks.ts'
import { openPool } from '../../../src/adapters/postgres/pool.ts'

const pool = openPool(process.argv[2] ?? '', { max: 1 })
await locks(pool).withPullRequest(2, 3, async () => {
  process.stdout.write('held\n')
  await new Promise(() => setInterval(() => {}, 1000))
})
