// Run as a child of the supervisor: writes its environment to TMPDIR, then does what DOES says.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProcess } from '../../src/adapters/system/process.ts'

await runProcess('child', async () => {
  writeFileSync(join(process.env['TMPDIR'] ?? '', `${process.pid}.json`), JSON.stringify(process.env))
  if (process.env['DOES'] === 'ends-early') process.exit(3)
  const kept = setInterval(() => {}, 60_000)
  if (process.env['DOES'] === 'ignores-sigterm') return () => new Promise<void>(() => {})
  return async () => clearInterval(kept)
})
