import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const shared = '/dev/shm'
const MOST_USED_BYTES = 2 * 1024 ** 3

/**
 * A folder of this run in memory, removed when this process ends; undefined when only the disk is left. A run makes
 * and removes tens of thousands of files (a copied database alone is a thousand), and to find a disk's place for each
 * costs more than its contents. Containers often have a small or non-executable one: those use the disk.
 */
export function memoryFolder(): string | undefined {
  try {
    accessSync(shared, constants.W_OK)
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find(line => line.split(' ')[1] === shared)
    const { bavail, bsize } = statfsSync(shared)
    const roomy = bavail * bsize >= MOST_USED_BYTES && availableBytes() >= 2 * MOST_USED_BYTES
    if (!mount?.startsWith('tmpfs') || mount.includes('noexec') || !roomy) return undefined
    const folder = mkdtempSync(join(shared, 'cupel-test-'))
    // The database server may run as another account.
    chmodSync(folder, 0o755)
    // Killed processes leave theirs behind, and here they would lie in memory.
    process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    return folder
  } catch {
    return undefined
  }
}

function availableBytes(): number {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024
}
