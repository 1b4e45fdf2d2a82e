import { expect, it, test } from 'vitest'
import { broken, watchRelease, type Watch, type WatchedReview } from '../../../src/core/gate/watch.ts'

const now = Date.parse('2026-11-24T12:00:00Z')
const minute = 60_000

/** Reviews evenly over the last so many minutes; every `badEvery`th is bad. */
function reviews(
  count: number,
  over: number,
  badEvery: number,
  bad: Partial<WatchedReview>,
): WatchedReview[] {
  return Array.from({ length: count }, (_, n) => ({
    at: now - (over - (over * n) / count) * minute,
    responseMs: 900,
    healthy: true,
    attributable: true,
    ...(badEvery > 0 && n % badEvery === 0 && bad),
  }))
}

it.each<[string, WatchedReview[], Watch['state'], string[]]>([
  ['nothing yet', [], 'too-few', []],
  ['29 of 29 failed', reviews(29, 20, 1, { healthy: false }), 'too-few', []],
  ['30 of 30 failed', reviews(30, 20, 1, { healthy: false }), 'violated', ['errors']],
  ['all is well', reviews(500, 600, 0, {}), 'healthy', []],
  ['one in a hundred fails, as is promised', reviews(500, 600, 100, { healthy: false }), 'healthy', []],
  ['one in thirty is late, as is promised', reviews(500, 600, 30, { responseMs: 3_001 }), 'healthy', []],
  ['at the very edge of the promise', reviews(500, 600, 1, { responseMs: 3_000 }), 'healthy', []],
  ['every second is late within the hour', reviews(60, 50, 2, { responseMs: 9_000 }), 'violated', ['late']],
  ['every fifth fails, over days', reviews(100, 4_000, 5, { healthy: false }), 'violated', ['errors']],
  [
    'what was not posted is late and failed',
    reviews(40, 30, 1, { responseMs: null, healthy: false }),
    'violated',
    ['errors', 'late'],
  ],
  ['a provider was down', reviews(100, 50, 1, { healthy: false, attributable: false }), 'too-few', []],
])('%s', (_what, of, state, promises) => {
  const watch = watchRelease(of, now)
  expect(watch.state).toBe(state)
  const kinds = (Object.keys(broken) as (keyof typeof broken)[]).filter(kind =>
    watch.violations.some(words => words.includes(broken[kind])),
  )
  expect(kinds.toSorted()).toEqual(promises)
})

test('a violation says how much, of how many, and what is promised', () => {
  expect(watchRelease(reviews(40, 30, 2, { healthy: false }), now).violations).toEqual([
    '50 % of 40 reviews in 1 h ended in an error: 14.4 times the budget of 2 %',
    '50 % of 40 reviews in 6 h ended in an error: 6 times the budget of 2 %',
    '20 of 40 reviews ended in an error, more than 2 % can explain',
  ])
})

test('figures are of the release’s own reviews, and null before there are any', () => {
  expect(watchRelease([], now)).toMatchObject({ reviews: 0, p95Ms: null, errorRate: null })
  const some = [
    ...reviews(99, 60, 0, {}),
    { at: now, responseMs: 2_000, healthy: false, attributable: true },
    { at: now, responseMs: 1, healthy: false, attributable: false },
  ]
  const watch = watchRelease(some, now)
  expect(watch).toMatchObject({ reviews: 100, healthy: 99, p95Ms: 900 })
  expect(watch.errorRate).toBeCloseTo(0.01, 12)
})

test('a burn that is over raises no alarm by itself', () => {
  const long = reviews(300, 350, 0, {}).map((review, n) =>
    n > 280 && n < 285 ? { ...review, healthy: false } : review,
  )
  expect(watchRelease(long, now).state).toBe('healthy')
})

test('a clock that jumped back sees the same reviews, not fewer', () => {
  const of = reviews(40, 30, 1, { healthy: false })
  expect(watchRelease(of, now - 86_400_000).state).toBe('violated')
})
