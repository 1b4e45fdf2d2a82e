import type { Command } from 'commander'
import { publishedSettings } from '../adapters/postgres/published-gate.ts'
import type { PublishedSettings } from '../ports/published.ts'
import { table } from '../core/experiment-text.ts'
import { atDoor, looking, say, type Looking } from './acting.ts'

/** `cupel gate thresholds`: what the gate asks for, and within which bounds `cupel gate set` may change it. */
export function addThresholds(command: Command): Command {
  looking(command.command('thresholds'))
    .description('what the gate asks for now, and what each may be set to')
    .option('--json', 'as JSON')
    .action(show)
  return command
}

interface Known {
  of: (settings: PublishedSettings) => number | boolean | string
  /** As the table gate.thresholds checks it. */
  may: string
  what: string
}

const known: Record<string, Known> = {
  accuracy: {
    of: ({ thresholds }) => thresholds.accuracy,
    may: 'above 0.5, below 1',
    what: 'mean share of right audited hunks',
  },
  latency_ms: {
    of: ({ thresholds }) => thresholds.latencyMs,
    may: '1 to 600000',
    what: 'from a pull request’s event to its review',
  },
  latency_share: {
    of: ({ thresholds }) => thresholds.latencyShare,
    may: 'above 0.5, below 1',
    what: 'share of runs within latency_ms',
  },
  error_rate: {
    of: ({ thresholds }) => thresholds.errorRate,
    may: 'above 0, below 0.5',
    what: 'most failed or degraded runs',
  },
  margin: {
    of: ({ thresholds }) => thresholds.margin,
    may: 'above 0, below 0.5',
    what: 'how far recall and precision may be below production’s',
  },
  level: {
    of: ({ thresholds }) => thresholds.level,
    may: 'above 0, at most 0.1',
    what: 'share of promotions that may be false, over all time',
  },
  gamma: {
    of: ({ thresholds }) => thresholds.gamma,
    may: '1 to 100',
    what: 'how many times less often people may react to wrong findings',
  },
  measured: {
    of: ({ thresholds }) => thresholds.measured,
    may: '0.5 to 1',
    what: 'least share of drawn hunks answered and of runs measured',
  },
  few_people: {
    of: ({ thresholds }) => thresholds.fewPeople,
    may: 'true or false',
    what: 'whether fewer than five people may decide the labels',
  },
  horizon_pull_requests: {
    of: ({ thresholds }) => thresholds.horizon.pullRequests,
    may: '1 to 100000',
    what: 'labelled pull requests after which an open trial expires',
  },
  horizon_days: {
    of: ({ thresholds }) => thresholds.horizon.days,
    may: '1 to 3650',
    what: 'days after which it does',
  },
  promotion: {
    of: settings => settings.promotion,
    may: 'automatic or approve',
    what: 'whether a person has to ask for each promotion',
  },
}

async function show(options: Looking): Promise<void> {
  await atDoor(options, 'cupel gate', async client => {
    const settings = await publishedSettings(client)
    const values = Object.entries(known).map(([name, each]) => ({ name, ...each, value: each.of(settings) }))
    if (options.json)
      return say(JSON.stringify(Object.fromEntries(values.map(({ name, value }) => [name, value])), null, 2))
    say(
      ...table(
        ['THRESHOLD', 'VALUE', 'MAY BE', 'WHAT IT IS'],
        values.map(({ name, value, may, what }) => [name, String(value), may, what]),
      ),
      '',
      `production takes ${Math.round(settings.overheadMs)} ms beside the examination that an experiment repeats: its runs have the rest`,
    )
  })
}
