import { randomFrom } from '../../../bench/gate/random.ts'

const people = ['ada', 'bob', 'cy', 'dee', 'eli', 'fay']

/**
 * Three trials of 120 lines, each ended by a breach near its last: labels before and after the line of their pull
 * request, ids that come again, runs between them, and times that go back.
 */
export function generatedLines(): object[] {
  const random = randomFrom(7)
  const below = (n: number): number => Math.floor(random.next() * n)
  const lineOf = (last: boolean): object => {
    // Within 20 days: no trial expires.
    const at = random.chance(0.3)
      ? { at: new Date(Date.UTC(2026, 0, 1 + below(20), below(24))).toISOString() }
      : {}
    const run = { state: 'done', latencyMs: 900 + below(1_000), ...(last && { breach: 'budget' }) }
    const kind = below(20)
    if (last || kind < 4) return { kind: 'run', ...at, ...run }
    if (kind < 14) {
      const issue = random.chance(0.3)
      return {
        kind: 'label',
        ...at,
        pullRequest: `${below(40)}`,
        source: random.chance(0.8) ? 'audited' : 'volunteered',
        issue,
        own: random.chance(0.97) === issue,
        production: random.chance(0.9) === issue,
        author: people[below(people.length)],
        groups: random.chance(0.5) ? ['language:Go'] : [],
      }
    }
    if (kind === 14) return { kind: 'sampler', offered: 100, taken: 20 + below(10), rate: 0.25 }
    return {
      kind: 'pull-request',
      ...at,
      ...(random.chance(0.8) && { id: `${below(40)}` }),
      ...(random.chance(0.5) && { audited: { tp: below(3), tn: below(4), unanswered: below(2) } }),
      ...(random.chance(0.5) && { run }),
    }
  }
  return Array.from({ length: 3 }, (_, trial) => {
    const end = 100 + below(15)
    return [
      { kind: 'trial', name: `trial ${trial}`, position: trial + 1 },
      ...Array.from({ length: 119 }, (__, n) => lineOf(n === end)),
    ]
  }).flat()
}
