import { configurationWith } from './configurations.ts'
import { nightfall, workday, type Life } from './day.ts'
import { recordLines, standingOf, verdictLines } from './evidence.ts'
import { skills, type ModelName } from './reviewers.ts'

/** A fortnight of work, then fewer: what was opened becomes evidence two weeks after. */
const BUSY = { pullRequests: 252, aDay: 18 }
const QUIET_A_DAY = 6
const MOST_DAYS = 85

export interface Trials {
  good: string
  bad: string
}

/** Two experiments with names that say nothing; `swap` gives each the other's configuration. */
export async function proposeTrials({ world, tell }: Life, swap: boolean): Promise<Trials> {
  const models: [ModelName, ModelName] = swap
    ? ['gpt-6.1-sol', 'gpt-6.1-terra']
    : ['gpt-6.1-terra', 'gpt-6.1-sol']
  const a = await world.propose('candidate-a', configurationWith(models[0]))
  const b = await world.propose('candidate-b', configurationWith(models[1]))
  tell(
    'two experiments are proposed beside V2',
    (['gpt-6-luna', ...models] as const).map((model, index) => {
      const { recall, falseAlarms } = skills[model]
      return `${['V2', 'candidate-a', 'candidate-b'][index]}: ${model} truly finds ${100 * recall} % of the defects and speaks of ${100 * falseAlarms} % of the other lines; the gate is not told`
    }),
  )
  return swap ? { good: b, bad: a } : { good: a, bad: b }
}

/** Days go by until the gate has said its last word on both. Answers what is missing. */
export async function untilDecided(life: Life, { good, bad }: Trials): Promise<string[]> {
  const { world, tell } = life
  const told = new Set<string>()
  while (world.calendar.day() < MOST_DAYS) {
    await workday(life, life.opened < BUSY.pullRequests ? BUSY.aDay : QUIET_A_DAY)
    const experiments = (await world.gate.evidence.experiments()).filter(
      ({ id }) => id === good || id === bad,
    )
    const verdicts = new Map(
      await Promise.all(
        experiments.map(async ({ id }) => [id, await world.gate.verdicts.newest(id)] as const),
      ),
    )
    if (world.calendar.day() % 7 === 6)
      tell(
        `week ${(world.calendar.day() + 1) / 7} is over: ${life.opened} pull requests; ${experiments
          .map(each => standingOf(each, verdicts.get(each.id)?.verdict ?? null))
          .join('; ')}`,
      )
    for (const { id, name, state } of experiments) {
      const verdict = verdicts.get(id)
      if (state === 'active' || told.has(id) || !verdict) continue
      told.add(id)
      const records = state === 'quarantined' ? await world.gate.quarantine.records() : []
      const record = records.find(each => each.experimentId === id)
      tell(`${name} is ${state} by verdict ${verdict.id}`, [
        ...verdictLines(verdict.verdict),
        ...(record ? recordLines(record) : []),
      ])
    }
    if (experiments.every(({ state }) => state !== 'active')) break
    await nightfall(life)
  }
  const states = new Map((await world.gate.evidence.experiments()).map(({ id, state }) => [id, state]))
  return [
    ...(states.get(good) === 'promoted' ? [] : [`the good experiment is ${states.get(good)}, not promoted`]),
    ...(states.get(bad) === 'quarantined'
      ? []
      : [`the bad experiment is ${states.get(bad)}, not quarantined`]),
  ]
}
