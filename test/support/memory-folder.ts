import { accessSync, constants, readFileSync, statfsSync } from 'node:fs'

const folder = '/dev/shm'
const MOST_USED_BYTES = 2 * 1024 ** 3

/**
 * Where temporary folders are cheapest, or undefined when only the disk is left: a run makes and removes tens of
 * thousands of files (a copied database alone is a thousand), and finding a place for each on a disk's file system
 * costs more time than its contents. Containers often have a small or non-executable one: those use the disk.
 */
export function memoryFolder(): string | undefined {
  try {
    accessSync(folder, constants.W_OK)
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find(line => line.split(' ')[1] === folder)
    const { bavail, bsize } = statfsSync(folder)
    const roomy = bavail * bsize >= MOST_USED_BYTES && availableBytes() >= 2 * MOST_USED_BYTES
    return mount?.startsWith('tmpfs') && !mount.includes('noexec') && roomy ? folder : undefined
  } catch {
    return undefined
  }
}

function availableBytes(): number {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024
}
