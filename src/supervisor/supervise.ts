import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ProcessSpec {
  name: string
  /** Module to run, relative to the repository's root. */
  module: string
  /** Options of Node.js itself. */
  flags?: readonly string[]
  /** The child's whole environment: nothing is inherited. */
  env: Record<string, string>
}

export interface Supervisor {
  /** Resolves when every process has said it is ready; rejects when one gives up. */
  ready: Promise<void>
  /** Resolves with the first process that could not be kept running. */
  failed: Promise<string>
  pids(): Record<string, number | undefined>
  /** SIGTERM to all, SIGKILL to what still runs after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 30_000
/** A process that lived this long starts again at the first back-off. */
const STEADY_MS = 60_000
/** Deaths before the first `ready` after which starting is given up: configuration, not bad luck. */
const STARTS = 3

/**
 * Keeps one child process per specification running. Isolation does not depend on a container: each child has
 * only the environment it was given, hence only its own database role and secrets.
 */
export function supervise(
  specs: readonly ProcessSpec[],
  log: { info(fields: object, message: string): void; error(fields: object, message: string): void },
): Supervisor {
  const children = new Map<string, ChildProcess>()
  /** Not unref'd: while every process waits to be started again, these keep the supervisor alive. */
  const restarts = new Set<NodeJS.Timeout>()
  let stopping = false
  const failure = Promise.withResolvers<string>()
  const ready = Promise.all(specs.map(spec => keepRunning(spec))).then(() => undefined)
  // `failed` tells as well: who waits for that alone is not to die of this.
  ready.catch(() => {})

  function keepRunning(spec: ProcessSpec): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let everReady = false
    let deaths = 0
    let backoff = 0

    const start = (): void => {
      if (stopping) return
      const startedAt = performance.now()
      const child = spawn(process.execPath, [...(spec.flags ?? []), spec.module], {
        cwd: root,
        env: spec.env,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      children.set(spec.name, child)
      child.on('message', message => {
        if (message !== 'ready') return
        everReady = true
        resolve()
      })
      child.on('error', error => {
        log.error({ process: spec.name, err: error }, 'process could not be started or reached')
        // One that never started has no exit.
        if (child.pid === undefined) ended()
      })
      child.on('exit', (code, signal) => {
        if (!stopping) log.error({ process: spec.name, code, signal }, 'process ended unexpectedly')
        ended()
      })
      const ended = (): void => {
        children.delete(spec.name)
        if (stopping) return
        deaths += 1
        if (!everReady && deaths >= STARTS) {
          const message = `${spec.name} ended ${deaths} times before it was ready; its messages are above`
          failure.resolve(message)
          return reject(new Error(message))
        }
        backoff = nextBackoff(backoff, performance.now() - startedAt)
        const restart = setTimeout(() => {
          restarts.delete(restart)
          start()
        }, backoff)
        restarts.add(restart)
      }
    }
    start()
    return promise
  }

  return {
    ready,
    failed: failure.promise,
    pids: () => Object.fromEntries(specs.map(({ name }) => [name, children.get(name)?.pid])),
    async stop(graceMs) {
      stopping = true
      for (const restart of restarts) clearTimeout(restart)
      await Promise.all([...children.values()].map(child => end(child, graceMs)))
    },
  }
}

/** How long to wait (ms) before a process that lived `livedMs` is started again; `previous` is 0 for the first time. */
export function nextBackoff(previous: number, livedMs: number): number {
  if (previous === 0 || livedMs > STEADY_MS) return FIRST_BACKOFF_MS
  return Math.min(previous * 2, LONGEST_BACKOFF_MS)
}

function end(child: ChildProcess, graceMs: number): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const kill = setTimeout(() => child.kill('SIGKILL'), graceMs)
    child.once('exit', () => {
      clearTimeout(kill)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
