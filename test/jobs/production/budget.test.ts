import { expect, it } from 'vitest'
import { openPurse } from '../../../jobs/production/budget.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'

const dailyUsd = { installationUsd: 1, repositoryUsd: 1, authorUsd: 1 }

/** A purse over a day's money, and everything that was reserved and settled. */
function purseOf(money: number, used = 0) {
  const reserved: number[] = []
  const settled: [string, number][] = []
  const refused: string[] = []
  const purse = openPurse(
    {
      models: { has: () => false, ask: () => Promise.reject(new Error('not asked')) },
      usageOf: () => undefined,
      clock: systemClock,
      dailyUsd,
      monthlyUsd: dailyUsd,
      softShare: 0.8,
      log: { info() {}, warn() {}, error() {} },
      metrics: { budgetRefused: scope => refused.push(scope) },
      budgets: {
        async reserve(_, usd) {
          const spent = reserved.reduce((sum, each) => sum + each, 0)
          if (spent + usd > money) return { granted: false, limit: 'author', period: 'day' }
          return { granted: true, id: `r${reserved.push(usd)}` }
        },
        used: async (_, limits) => {
          expect(limits).toEqual({ ...dailyUsd, monthly: dailyUsd })
          return used
        },
        async settle(id, usd) {
          settled.push([id, usd])
        },
      },
    },
    { installationId: 1, repositoryId: 2, author: 'ada' },
  )
  return { purse, reserved, settled, refused }
}

it.each([
  ['one at a moment', [[0.25], [0.5]], 1, [[true], [true]], [0.25, 0.5]],
  ['several of a moment as one', [[0.25, 0.25, 0.25]], 1, [[true, true, true]], [0.75]],
  ['those that fit, when all together do not', [[0.5, 0.75, 0.25]], 1, [[true, false, true]], [0.5, 0.25]],
  ['nothing beyond the day', [[2]], 1, [[false]], []],
])('reserves %s', async (_, moments, money, granted, expected) => {
  const { purse, reserved, settled, refused } = purseOf(money)
  const answers: boolean[][] = []
  for (const calls of moments) answers.push(await Promise.all(calls.map(usd => purse.reserve(usd))))
  expect(answers).toEqual(granted)
  expect(reserved).toEqual(expected)
  if (granted.flat().includes(false)) expect(refused).toContain('author')
  await purse.settle()
  expect(settled).toEqual(expected.map((_usd, index) => [`r${index + 1}`, 0]))
})

it.each([
  [0.79, false],
  [0.8, true],
  [1.2, true],
])('at %f of a limit money is scarce: %s', async (used, scarce) => {
  expect(await purseOf(1, used).purse.isScarce()).toBe(scarce)
})
