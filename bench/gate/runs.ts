import { atMost, type Case } from './cases.ts'
import { stoppedBy } from './exact.ts'
import { meanAfter30, mixtureRule } from './rules.ts'

const most = 2000

/** Errors and latency are yes or no for each run, so everything about them is exact: looked at after every run. */
export function runCases(): Case[] {
  return (
    [
      ['errors truly 3 %', 0.98, 0.97],
      ['6.5 % of runs late (p95 above 3,000 ms)', 0.95, 0.935],
    ] as const
  ).map(([name, required, truth]) => {
    const by = (rule: ReturnType<typeof meanAfter30>): number =>
      stoppedBy(rule, truth, () => true, most)[most] ?? NaN
    return atMost(`${name}: promoted, exactly`, by(mixtureRule(required, 0.05, most)), 0.01, {
      simpler: { [`share >= ${required} after 30`]: by(meanAfter30(required)) },
    })
  })
}
