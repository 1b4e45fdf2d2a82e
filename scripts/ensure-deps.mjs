// Installs from the lock file when node_modules is not what the lock file says, so that `npm start`
// and `npm test` work straight after a clone. Runs on whatever Node.js is there (npm's own), so it
// uses node: builtins only. A lock directory keeps two first commands from installing at once.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'node_modules', '.cupel-lock-hash')
const lock = join(root, '.ensure-deps.lock')
const STALE_MS = 10 * 60_000
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

const installed = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted

/** True when this process now holds the lock; an abandoned lock is taken over. */
function lockTaken() {
  try {
    mkdirSync(lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const heldSince = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (heldSince !== undefined && Date.now() - heldSince > STALE_MS)
      rmSync(lock, { recursive: true, force: true })
    return false
  }
}

while (!installed()) {
  if (!lockTaken()) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    continue
  }
  try {
    if (installed()) break
    process.stderr.write('Installing dependencies from package-lock.json (once, about a minute) …\n')
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    writeFileSync(stamp, wanted)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}
