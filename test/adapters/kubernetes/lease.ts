import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { withLease } from '../../../src/adapters/kubernetes/gate-lock.ts'
import { gateLease, type Lease } from '../../../src/adapters/kubernetes/lease.ts'
import type { GateLock } from '../../../src/ports/gate.ts'
import { localApi, type LocalApi, type Trouble } from './local-api.ts'

describe('the Lease of the active gate', () => {
  let api: LocalApi
  let elapsed = 0
  let wall = 0
  beforeEach(async () => {
    api = await localApi()
    elapsed = 0
    wall = Date.parse('2026-03-01T12:00:00Z')
  })
  afterEach(() => api.close())

  const clock = { elapsed: () => elapsed, now: () => new Date(wall) }
  const pass = (seconds: number): void => {
    elapsed += seconds * 1_000
    wall += seconds * 1_000
  }
  const gate = (name: string): Lease => gateLease(api.cluster(), clock, name)
  const spec = (): Record<string, unknown> | undefined => api.get('leases', 'cupel-gate')?.spec

  test('the first gate takes the Lease and renews it; another one waits', async () => {
    const [one, two] = [gate('one'), gate('two')]
    expect(await one.hold()).toBe('held')
    expect(spec()).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 30,
      acquireTime: '2026-03-01T12:00:00.000000Z',
      renewTime: '2026-03-01T12:00:00.000000Z',
      leaseTransitions: 0,
    })
    pass(10)
    expect(await two.hold()).toBe('busy')
    expect(await one.hold()).toBe('held')
    expect(spec()).toMatchObject({
      holderIdentity: 'one',
      acquireTime: '2026-03-01T12:00:00.000000Z',
      renewTime: '2026-03-01T12:00:10.000000Z',
      leaseTransitions: 0,
    })
  })

  test('a holder that shows no sign of life for 30 s is followed by another, and knows it when it comes back', async () => {
    const [one, two] = [gate('one'), gate('two')]
    await one.hold()
    expect(await two.hold()).toBe('busy')
    pass(29)
    expect(await two.hold()).toBe('busy')
    pass(1)
    expect(await two.hold()).toBe('held')
    expect(spec()).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 })
    expect(await one.hold()).toBe('busy')
  })

  test('a holder that renews is alive however long it takes', async () => {
    const [one, two] = [gate('one'), gate('two')]
    for (let turn = 0; turn < 5; turn++) {
      expect(await one.hold()).toBe('held')
      expect(await two.hold()).toBe('busy')
      pass(20)
    }
  })

  it.each([-86_400, 86_400])('a wall clock that jumps by %d s takes the Lease from nobody', async jump => {
    const [one, two] = [gate('one'), gate('two')]
    await one.hold()
    wall += jump * 1_000
    expect(await two.hold()).toBe('busy')
    expect(await one.hold()).toBe('held')
    expect(await two.hold()).toBe('busy')
  })

  test('one that gives the Lease back is followed at once; who has it not gives nothing back', async () => {
    const [one, two] = [gate('one'), gate('two')]
    await one.release()
    await one.hold()
    await two.release()
    expect(spec()).toMatchObject({ holderIdentity: 'one' })
    await one.release()
    expect(spec()).not.toHaveProperty('holderIdentity')
    expect(await two.hold()).toBe('held')
  })

  it.each([
    ['taken', 'POST'],
    ['renewed', 'PUT'],
  ])('of two gates that see it free at the same time one has it (%s)', async (_, method) => {
    const [one, two] = [gate('one'), gate('two')]
    if (method === 'PUT') {
      await one.hold()
      await one.release()
    }
    let raced: Promise<'held' | 'busy'> | undefined
    const bothWrite = Promise.withResolvers<void>()
    // The first one's write is kept back until the second has seen what the first saw, and writes too.
    api.meddle(async line => {
      if (!line.startsWith(method)) return undefined
      if (raced === undefined) raced = two.hold()
      else bothWrite.resolve()
      await bothWrite.promise
      return undefined
    })
    const answers = [await one.hold(), await raced]
    expect(new Set(answers)).toEqual(new Set(['busy', 'held']))
    expect(spec()?.['holderIdentity']).toBe(answers[0] === 'held' ? 'one' : 'two')
  })

  describe('the gate’s lock with a Lease', () => {
    const free: GateLock = { whileActive: work => work(new AbortController().signal) }
    /** Each is one wake-up of the renewing. */
    let wakeUps: (() => void)[] = []
    const lockOf = (name: string, told: string[] = [], lock = free): GateLock =>
      withLease(lock, gate(name), {
        clock: {
          sleep: (_, signal) =>
            new Promise((resolve, reject) => {
              wakeUps.push(resolve)
              signal?.addEventListener('abort', () => reject(signal.reason as Error))
            }),
        },
        log: { warn: (_, message) => told.push(message) },
      })
    beforeEach(() => {
      wakeUps = []
    })

    test('works for one at a time', async () => {
      expect(await lockOf('one').whileActive(async () => lockOf('two').whileActive(async () => 'both'))).toBe(
        'busy',
      )
      expect(await lockOf('two').whileActive(async () => 'later')).toBe('busy')
      expect(spec()).toMatchObject({ holderIdentity: 'one' })
    })

    test('does not ask for the Lease while the database’s lock is another’s', async () => {
      const taken: GateLock = { whileActive: async () => 'busy' }
      expect(await lockOf('one', [], taken).whileActive(async () => 'worked')).toBe('busy')
      expect(api.requests).toEqual([])
    })

    test('renews while it works, and ends the work when another has taken the Lease', async () => {
      const outcome = lockOf('one').whileActive(async signal => {
        const renewed = api.get('leases', 'cupel-gate')?.metadata.resourceVersion
        wakeUps[0]?.()
        await until(() => wakeUps.length === 2)
        expect(api.get('leases', 'cupel-gate')?.metadata.resourceVersion).not.toBe(renewed)
        api.change('leases', 'cupel-gate', lease => (lease.spec!['holderIdentity'] = 'two'))
        wakeUps[1]?.()
        await until(() => signal.aborted)
        return signal.reason as unknown
      })
      expect(await outcome).toMatchObject({ code: 'cluster-unavailable', message: /taken by another/ })
    })

    it.each<Trouble>([403, 500, 'drop'])(
      'goes on by the database’s lock alone where the Lease cannot be asked (%s)',
      async trouble => {
        api.meddle(() => trouble)
        const told: string[] = []
        expect(await lockOf('one', told).whileActive(async () => 'worked')).toBe('worked')
        expect(told).toEqual(['the gate’s Lease could not be asked; the database’s lock decides alone'])
      },
    )

    test('hands on what the work throws, and can be had again', async () => {
      const work = lockOf('one').whileActive(() => Promise.reject(new Error('no')))
      await expect(work).rejects.toThrow('no')
      expect(await lockOf('one').whileActive(async () => 'again')).toBe('again')
    })
  })

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise(resolve => setImmediate(resolve))
  }
})
