import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, test, vi } from 'vitest'
import { nextBackoff, supervise, type ProcessSpec, type Supervisor } from '../../src/supervisor/supervise.ts'

let folder: string
let supervisor: Supervisor | undefined
let logged: { fields: Record<string, unknown>; message: string }[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cupel-supervisor-'))
  logged = []
})
afterEach(async () => {
  await supervisor?.stop(0)
  supervisor = undefined
  rmSync(folder, { recursive: true })
})

function child(name: string, does = 'waits'): ProcessSpec {
  return { name, module: 'test/supervisor/child.ts', env: { TMPDIR: folder, DOES: does } }
}

function start(specs: ProcessSpec[]): Supervisor {
  const note = (fields: object, message: string): void =>
    void logged.push({ fields: fields as Record<string, unknown>, message })
  return (supervisor = supervise(specs, { info: note, error: note }))
}

function lives(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a child has exactly the environment of its specification', async () => {
  const specs = [child('one'), { ...child('two'), env: { ...child('two').env, EXTRA: 'x' } }]
  const { ready, pids } = start(specs)
  await ready
  for (const spec of specs) {
    const seen = JSON.parse(readFileSync(join(folder, `${pids()[spec.name]}.json`), 'utf8')) as object
    const { NODE_CHANNEL_FD: _, NODE_CHANNEL_SERIALIZATION_MODE: __, ...own } = seen as Record<string, string>
    expect(own).toEqual(spec.env)
  }
})

test('a child that dies is started again, the others stay', async () => {
  const { ready, pids } = start([child('one'), child('two')])
  await ready
  const before = pids()
  process.kill(before['one'] ?? 0, 'SIGKILL')
  await vi.waitUntil(() => pids()['one'] !== undefined && pids()['one'] !== before['one'], {
    timeout: 10_000,
  })
  expect(pids()['two']).toBe(before['two'])
  expect(logged).toMatchObject([{ fields: { process: 'one', signal: 'SIGKILL' } }])
})

test('a child that was ready once is started again however often it dies', async () => {
  const { ready, pids, failed } = start([child('one')])
  await ready
  let gaveUp = false
  void failed.then(() => (gaveUp = true))
  for (let deaths = 0; deaths < 3; deaths++) {
    await vi.waitUntil(() => pids()['one'] !== undefined, { timeout: 10_000 })
    const pid = pids()['one'] ?? 0
    process.kill(pid, 'SIGKILL')
    await vi.waitUntil(() => pids()['one'] !== pid)
  }
  await vi.waitUntil(() => lives(pids()['one']), { timeout: 10_000 })
  expect(gaveUp).toBe(false)
})

test('three deaths before a child is ready: starting is given up with a message that names it', async () => {
  const { ready, failed } = start([child('one'), child('two', 'ends-early')])
  const message = 'two ended 3 times before it was ready; its messages are above'
  await expect(ready).rejects.toThrow(message)
  expect(await failed).toBe(message)
  expect(logged).toMatchObject(Array.from({ length: 3 }, () => ({ fields: { process: 'two', code: 3 } })))
})

it.each([
  ['the first death', 0, 10, 500],
  ['the second soon after', 500, 10, 1_000],
  ['the third soon after', 1_000, 59_000, 2_000],
  ['the ninth', 30_000, 10, 30_000],
  ['one after a steady minute', 30_000, 60_001, 500],
])('back-off after %s', (_, previous, livedMs, expected) => {
  expect(nextBackoff(previous, livedMs)).toBe(expected)
})

test('stop ends every child, by SIGKILL those that do not end in time, and starts none again', async () => {
  const { ready, pids, stop } = start([child('one'), child('two', 'ignores-sigterm')])
  await ready
  const running = Object.values(pids())
  await stop(1_000)
  expect(running.map(lives)).toEqual([false, false])
  expect(Object.values(pids())).toEqual([undefined, undefined])
  expect(logged).toEqual([])
})

test('stop while a child waits to be started again leaves none', async () => {
  const { ready, pids, stop } = start([child('one')])
  await ready
  process.kill(pids()['one'] ?? 0, 'SIGKILL')
  await vi.waitUntil(() => logged.length > 0)
  await stop(1_000)
  expect(pids()).toEqual({ one: undefined })
})

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'children end by themselves when the supervisor dies of %s',
  async signal => {
    const specs = JSON.stringify([child('one'), child('two')])
    const keeper = spawn(process.execPath, ['test/supervisor/keeper.ts', specs], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(keeper.stdout, 'data')) as [Buffer]
    const pids = Object.values(JSON.parse(String(line)) as Record<string, number>)
    expect(pids.map(lives)).toEqual([true, true])
    keeper.kill(signal)
    await vi.waitUntil(() => !pids.some(lives), { timeout: 10_000 })
  },
)

test('Ctrl-C, which reaches a child before the supervisor’s SIGTERM, is one stop and no abort', async () => {
  const { ready, pids, stop } = start([child('one', 'ignores-sigterm')])
  await ready
  const pid = pids()['one'] ?? 0
  process.kill(pid, 'SIGINT')
  process.kill(pid, 'SIGTERM')
  process.kill(pid, 'SIGTERM')
  // Still stopping: only SIGKILL after the grace ends it.
  await stop(500)
  expect(logged).toEqual([])
})
