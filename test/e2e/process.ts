import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ProcessSpec } from '../../src/supervisor/supervise.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const KEPT_LINES = 60
const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 15_000

export interface RunningProcess {
  pid: number
  /** The last lines it wrote. */
  tail(): string
  alive(): boolean
  /** SIGKILL, as a machine that fails would. Resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM, and SIGKILL should that not end it. Answers its exit code, or null when it had to be killed. */
  stop(): Promise<number | null>
}

/** One process of Cupel as the supervisor starts it, but ended and begun again by the test. Resolves when it says that it is ready. */
export async function startProcess(
  spec: ProcessSpec,
  nodeOptions: readonly string[] = [],
): Promise<RunningProcess> {
  const child = spawn(process.execPath, [...nodeOptions, spec.module], {
    cwd: root,
    env: spec.env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter(line => line !== ''))
      lines.splice(0, Math.max(0, lines.length - KEPT_LINES))
    })
  const ended = new Promise<void>(done => child.once('exit', () => done()))
  const tail = (): string => lines.map(line => `${spec.name}: ${line}`).join('\n')
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (isAlive(child)) child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await ended
    clearTimeout(timer)
  }
  await new Promise<void>((ready, fail) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      fail(new Error(`${spec.name} was not ready within ${READY_WITHIN_MS} ms\n${tail()}`))
    }, READY_WITHIN_MS)
    child.once('message', () => {
      clearTimeout(late)
      ready()
    })
    child.once('exit', code => {
      clearTimeout(late)
      fail(new Error(`${spec.name} ended (${code}) before it was ready\n${tail()}`))
    })
  })
  return {
    pid: child.pid ?? 0,
    tail,
    alive: () => isAlive(child),
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM')
      return child.exitCode
    },
  }
}

/** What a process really has in its environment. */
export function environmentOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  return Object.fromEntries(
    lines
      .filter(line => line.includes('='))
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
