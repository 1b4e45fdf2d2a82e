import process from 'node:process'
import { cupel } from '../../src/cli/cupel.ts'

export interface Said {
  code: number
  out: string
  err: string
}

/**
 * What `cupel` with these arguments prints and how it ends, in this process: a process of its own costs most of a
 * second. One at a time. It sees no variable but these and PATH, and no .env, which only a process of its own reads.
 */
export async function runCupel(args: readonly string[], env: Record<string, string>): Promise<Said> {
  const said: Said = { code: 0, out: '', err: '' }
  const before = { env: process.env, out: process.stdout.write, err: process.stderr.write }
  process.env = { PATH: process.env['PATH'], ...env }
  process.stdout.write = (text: Uint8Array | string) => Boolean((said.out += String(text)))
  process.stderr.write = (text: Uint8Array | string) => Boolean((said.err += String(text)))
  try {
    process.exitCode = undefined
    await cupel(args)
    return { ...said, code: exitCode() }
  } finally {
    process.exitCode = undefined
    process.env = before.env
    process.stdout.write = before.out
    process.stderr.write = before.err
  }
}

/** Apart, because a compiler believes that it still is what was last assigned. */
function exitCode(): number {
  return Number(process.exitCode ?? 0)
}
