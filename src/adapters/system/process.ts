import { asFault } from '../../core/fault.ts'

/**
 * Runs one process of Cupel: starts it, tells a supervisor when it is ready, and stops it on SIGTERM or SIGINT,
 * or when the supervisor is gone. `start` answers how to stop. Exits 0 after a clean stop, 1 when the start or
 * the stop failed; a second signal exits at once.
 */
export async function runProcess(name: string, start: () => Promise<() => Promise<void>>): Promise<void> {
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
    if (stopping) process.exit(1)
    stopping = true
    stop().then(
      () => process.exit(0),
      error => {
        process.stderr.write(`${name}: stop failed: ${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  if (process.send !== undefined) {
    process.on('disconnect', end)
    process.send('ready')
  }
}
