// Installs from the lock file when node_modules is not what the lock file says, so that `npm start`
// and `npm test` work straight after a clone. Runs on whatever Node.js is there (npm's own), so it
// uses node: builtins only. A lock directory keeps two first commands from installing at once.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.cupel-lock-hash')
const lock = join(root, '.ensure-deps.lock')
const STALE_MS = 10 * 60_000
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

const installed = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted

// Through a symbolic link npm ci would empty the folder of another checkout.
if (!installed() && lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
  process.stderr.write(
    `${modules} is a symbolic link to dependencies that are not those of package-lock.json. Nothing was installed. Remove the link and try again: they are then installed here.\n`,
  )
  process.exit(1)
}

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
