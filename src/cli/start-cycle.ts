import { mkdir } from 'node:fs/promises'
import process from 'node:process'
import { liveOnce } from '../../sandbox/cycle/life.ts'
import { terminal } from './start-output.ts'

/** The seed when none is given: any other will do as well. */
const SEED = '1'

/** `cupel start --once --cycle`. Answers the exit code: 0 when every step of the life was seen. */
export async function startCycle(
  options: { dataDir: string; seed?: string | undefined; swap?: boolean | undefined },
  { live = liveOnce, output = terminal() } = {},
): Promise<number> {
  const { dataDir, seed = SEED, swap = false } = options
  await mkdir(dataDir, { recursive: true })
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop)
  let missing: string[]
  try {
    missing = await live({ dataDir, seed, swap, signal: stopping.signal }, output)
  } catch (error) {
    if (stopping.signal.aborted) return 130
    throw error
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop)
  }
  for (const line of missing) output.print(output.paint('red', `✗ ${line}`))
  if (missing.length === 0)
    output.print('✓ promoted, quarantined, rolled back and tried again: nothing is missing')
  return missing.length === 0 ? 0 : 1
}
