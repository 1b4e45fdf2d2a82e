import { asFault } from '../../core/fault.ts'

/** A stop that takes longer is given up: nobody may be left to kill what hangs. */
const LONGEST_STOP_MS = 60_000

/**
 * Runs one process of Cupel: starts it, tells a supervisor when it is ready, and stops it on SIGTERM or SIGINT,
 * or when the supervisor is gone. `start` answers how to stop. Exits 0 after a clean stop, 1 when the start or
 * the stop failed. Ctrl-C reaches every process of a terminal and the supervisor adds its SIGTERM, so these
 * count as one; only a second SIGINT exits at once.
 */
export async function runProcess(name: string, start: () => Promise<() => Promise<void>>): Promise<void> {
  // Until the start is done nothing was taken, so there is nothing to finish.
  const abandon = (): never => process.exit(1)
  if (process.send !== undefined) process.once('disconnect', abandon)
  let stop: () => Promise<void>
  try {
    stop = await start()
  } catch (error) {
    const fault = asFault(error)
    process.stderr.write(`${name}: ${fault.code === 'bug' ? fault.stack : fault.message}\n`)
    process.exit(1)
  }
  let stopping = false
  const end = (): void => {
    if (stopping) return
    stopping = true
    setTimeout(() => fail(`did not stop within ${LONGEST_STOP_MS} ms`), LONGEST_STOP_MS).unref()
    stop().then(
      () => process.exit(0),
      error => fail(`stop failed: ${String(error)}`),
    )
  }
  const fail = (message: string): never => {
    process.stderr.write(`${name}: ${message}\n`)
    return process.exit(1)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', () => (stopping ? process.exit(1) : end()))
  if (process.send === undefined) return
  process.off('disconnect', abandon)
  process.on('disconnect', end)
  process.send('ready', undefined, undefined, error => error && end())
}
