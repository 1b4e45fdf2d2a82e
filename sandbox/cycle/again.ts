import { nightfall, workday, type Life } from './day.ts'
import { eValue, verdictLines } from './evidence.ts'
import { administrator } from './maintainers.ts'

const COOL_DOWN_DAYS = 8
const PULL_REQUESTS = 16

/** What was rolled back is tried again: refused during its cool-down, then granted. Answers what is missing. */
export async function untilReadmitted(life: Life): Promise<string[]> {
  const { world, tell } = life
  const record = (await world.gate.quarantine.records()).find(each => each.outcome === 'rolled-back')
  if (record === undefined) return ['there is no record to ask for']
  const early = await ask(life, record.id)
  await nightfall(life, COOL_DOWN_DAYS)
  const granted = await ask(life, record.id)
  tell(
    `${administrator} asks by a comment for the re-evaluation of record ${record.id}: the provider answers in time again`,
    [`at once: ${early}`, `${COOL_DOWN_DAYS} days later: ${granted}`],
  )
  // It begins first: what was sampled before says nothing of it.
  await world.experiments.work()
  await workday(life, PULL_REQUESTS)
  await nightfall(life)
  await world.gate.look()
  const experiments = await world.gate.evidence.experiments()
  const again = experiments.find(
    each => each.configurationId === record.configurationId && each.state === 'active',
  )
  if (again === undefined) return ['no new trial began']
  const parent = experiments.find(each => each.id === again.parentId)
  const verdict = await world.gate.verdicts.newest(again.id)
  const first = parent ? await world.gate.verdicts.newest(parent.id) : null
  const { rows } = await world.owner.query<{ author_kind: string; runs: number }>(
    `select e.author_kind, (select count(*)::int from experiments_v1.code_analyses a where a.experiment_id = e.id) as runs
     from experiments_v1.experiments e where e.id = $1`,
    [again.id],
  )
  tell(`V1 tries it again as experiment ${again.id}`, [
    `${rows[0]?.author_kind} of ${parent?.name ?? 'nobody'} (${parent?.state}), ${rows[0]?.runs} runs of its own so far`,
    `its e-values must reach ${eValue(verdict?.verdict.needed.promote ?? NaN)}, its first trial's ${eValue(first?.verdict.needed.promote ?? NaN)}: the error budget goes on`,
    ...(verdict ? verdictLines(verdict.verdict) : []),
  ])
  return [
    ...(early.startsWith('refused') ? [] : [`during the cool-down the gate said: ${early}`]),
    ...(rows[0]?.author_kind === 're-evaluation' ? [] : ['the new trial is no re-evaluation']),
    ...((rows[0]?.runs ?? 0) >= PULL_REQUESTS ? [] : ['the new trial has no runs']),
    ...(verdict?.verdict.answer === 'wait' ? [] : ['the new trial has no verdict']),
    ...((verdict?.verdict.budget.position ?? 0) > (first?.verdict.budget.position ?? Infinity)
      ? []
      : ['the new trial does not go on with the error budget']),
  ]
}

/** By a comment, as administrators do. Answers the gate's word, once it stands where they asked. */
async function ask({ world, newest }: Life, record: string): Promise<string> {
  if (newest === null) return 'there is no pull request to comment on'
  const reason = 'the provider says that its trouble is over'
  await world.people.comment(newest, administrator, `/cupel reevaluate ${record} ${reason}`)
  await world.production.settled()
  await world.gate.look()
  await world.production.postAnswers()
  const { rows } = await world.owner.query<{ words: string }>(
    `select a.state || ': ' || coalesce(a.outcome, '') as words
     from gate.actions a join production.answers w on w.action_id = a.id and w.outcome = 'posted'
     where a.kind = 'reevaluate' order by a.requested_at desc limit 1`,
  )
  return rows[0]?.words ?? 'the request did not reach the gate, or its answer nobody'
}
