import { describe, expect, it } from 'vitest'
import { watchHead } from '../../../jobs/production/watch-head.ts'
import type { PullRequestState } from '../../../src/ports/stores.ts'
import { fakeClock } from '../../support/fakes.ts'

const state = (headSha: string, open = true): PullRequestState => ({
  repositoryId: 1,
  number: 2,
  headSha,
  headUpdatedAt: new Date(0),
  open,
  paused: false,
  lastAskedAt: null,
})

/** Watches head `mine` while the store says these, one each second; the last one stays. */
function watch(said: (PullRequestState | null | 'down')[], knownHeadSha = 'known') {
  const clock = fakeClock()
  let looks = 0
  const pullRequests = {
    get: async () => {
      const each = said[Math.min(looks++, said.length - 1)]
      if (each === 'down') throw new Error('the database is away')
      return each ?? null
    },
  }
  const watched = watchHead({ clock, pullRequests } as unknown as Parameters<typeof watchHead>[0], {
    repositoryId: 1,
    number: 2,
    headSha: 'mine',
    knownHeadSha,
  })
  return { ...watched, clock, looks: () => looks }
}

describe('watching the head of a review', () => {
  it.each([
    ['another head', [state('mine'), state('next')], 2_000, 'head next took the place of mine'],
    ['the end of the pull request', [state('mine', false)], 1_000, 'the pull request was closed'],
    [
      'another head after a look that failed',
      ['down' as const, state('next')],
      2_000,
      'head next took the place of mine',
    ],
    [
      'another head after the events caught up',
      [state('known'), state('mine'), state('next')],
      3_000,
      'head next took the place of mine',
    ],
  ])('ends it with %s', async (_, said, atMs, why) => {
    const { signal, clock } = watch(said)
    await new Promise<void>(done => signal.addEventListener('abort', () => done()))
    expect(signal.reason).toMatchObject({ code: 'superseded', message: why })
    expect(clock.elapsed()).toBe(atMs)
  })

  it.each([
    ['its own head', state('mine')],
    ['the head that was known before, as events may lag', state('known')],
    ['nothing', null],
  ])('lets it go on with %s, and looks no more once it is stopped', async (_, said) => {
    const { signal, stop, clock, looks } = watch([said])
    await clock.sleep(5_500)
    expect(signal.aborted).toBe(false)
    stop()
    const before = looks()
    await clock.sleep(5_000)
    expect(looks()).toBe(before)
    expect(before).toBeGreaterThanOrEqual(5)
  })
})
