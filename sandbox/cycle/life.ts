import pg from 'pg'
import { auditRows } from '../../src/adapters/postgres/audit-log.ts'
import { verifyChain, type ChainVerdict } from '../../src/core/audit.ts'
import { untilReadmitted } from './again.ts'
import { configurationWith } from './configurations.ts'
import type { Life } from './day.ts'
import { releaseWords } from './evidence.ts'
import { untilFull, untilRolledBack } from './release.ts'
import { proposeTrials, untilDecided } from './trial.ts'
import { startCycleWorld } from './world.ts'

/** Fewer prove nothing to anybody who watches. */
const FEWEST_PULL_REQUESTS = 300
/** Of what is said often, a line stays once in so many pull requests: elsewhere than on a terminal it is all there is. */
const STAYS_EVERY = 20

export interface CycleOutput {
  print(line: string): void
  /** A line that may be overwritten by the next, or not be shown. */
  progress(line: string): void
}

export interface CycleOptions {
  dataDir: string
  /** The same seed plants the same defects and draws the same noise. */
  seed: string
  /** Gives each experiment the other's configuration. */
  swap: boolean
  /** Ends the life early: it throws then. */
  signal?: AbortSignal
}

/**
 * The whole life on the sandbox: a good experiment becomes V2's release, a bad one goes to quarantine, the release becomes
 * slow and is rolled back, and is tried again. Answers what is missing, in words.
 */
export async function liveOnce(options: CycleOptions, output: CycleOutput): Promise<string[]> {
  const began = performance.now()
  const world = await startCycleWorld({ ...options, configuration: configurationWith('gpt-6-luna') })
  const when = (): string =>
    `virtual day ${String(world.calendar.day() + 1).padStart(2)}, ${String(Math.round((performance.now() - began) / 1_000)).padStart(3)} s real`
  let told = 0
  const life: Life = {
    world,
    opened: 0,
    newest: null,
    tell(line, evidence = []) {
      told = life.opened
      output.print(`${when()}  ${line}`)
      for (const each of evidence) output.print(`${' '.repeat(when().length + 4)}${each}`)
    },
    progress(line) {
      options.signal?.throwIfAborted()
      if (life.opened - told >= STAYS_EVERY) life.tell(line)
      else output.progress(`${when()}  ${line}`)
    },
  }
  try {
    output.print(
      `seed ${options.seed}${options.swap ? ', configurations swapped' : ''}; latencies are measured on the real clock`,
    )
    await world.people.found()
    await world.production.settled()
    await world.production.knowAdministrators()
    life.tell(`V2 begins with ${releaseWords(await world.gate.releases.inForce())}`)
    const trials = await proposeTrials(life, options.swap)
    const missing = await firstMissing([
      () => untilDecided(life, trials),
      () => untilFull(life),
      () => untilRolledBack(life),
      () => untilReadmitted(life),
      () => soundness(life),
    ])
    return [...missing, ...world.errors.slice(0, 5)]
  } finally {
    await world.close()
  }
}

/** Lives the stages in turn, and none after one that answers what is missing: what comes later rests on what came before. */
export async function firstMissing(stages: readonly (() => Promise<string[]>)[]): Promise<string[]> {
  for (const stage of stages) {
    const missing = await stage()
    if (missing.length > 0) return missing
  }
  return []
}

async function soundness({ world, opened, tell }: Life): Promise<string[]> {
  const refused = (await world.github.control('validationErrors')) as { operation: string; message: string }[]
  const client = new pg.Client({ connectionString: world.ownerUrl })
  await client.connect()
  let audit: ChainVerdict
  try {
    audit = await verifyChain(auditRows(client), [])
  } finally {
    await client.end()
  }
  tell('the end', [
    `${opened} pull requests by six maintainers`,
    `audit log ${audit.outcome}: ${audit.outcome === 'intact' ? audit.head.sequence : audit.why} events`,
    `GitHub would have refused ${refused.length} requests; ${world.errors.length} errors were logged`,
  ])
  return [
    ...(opened >= FEWEST_PULL_REQUESTS ? [] : [`only ${opened} pull requests`]),
    ...(audit.outcome === 'intact' ? [] : ['the audit log is broken']),
    ...refused.map(({ operation, message }) => `GitHub would refuse ${operation}: ${message}`),
  ]
}
