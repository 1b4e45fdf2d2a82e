import { Command } from 'commander'
import type pg from 'pg'
import { table } from '../core/experiment-text.ts'
import { printable } from '../core/report/printable.ts'
import { asking, askGate, atDoor, looking, say, theOne, type Asking, type Looking } from './acting.ts'

const name = 'cupel release'

interface Release {
  id: string
  kind: string
  configuration_id: string
  configuration: string
  verdict_id: string | null
  created_at: Date
  step: string
  share: number
  reason: string
  at: Date
  in_force: boolean
}

/** `cupel release`: configurations that review, did, or are about to. */
export function releaseCommand(): Command {
  const command = new Command('release').description('configurations in force')
  looking(command.command('list')).description('every release').option('--json', 'as JSON').action(list)
  looking(command.command('show <id>'))
    .description('one release: its steps, orders and configuration')
    .option('--json', 'as JSON')
    .action(show)
  asking(command.command('rollback <reason>'))
    .description('take back the release in force: the one before it reviews from then on')
    .option('--release <id>', 'another than the one in force')
    .action(rollback)
  return command
}

async function releases(client: pg.Client): Promise<Release[]> {
  const { rows } = await client.query<Release>(
    `select id, kind, configuration_id, configuration, verdict_id, created_at, step, share, reason, at, in_force
     from production.published_releases order by created_at, id`,
  )
  return rows
}

async function list(options: Looking): Promise<void> {
  await atDoor(options, name, async client => {
    const all = await releases(client)
    if (options.json) return say(JSON.stringify(all, null, 2))
    say(
      ...table(
        ['ID', 'STEP', 'SHARE', 'SINCE', 'WHY'],
        all.map(each => [
          each.id,
          each.in_force ? 'in force' : each.step === 'full' ? 'beneath' : each.step,
          `${100 * each.share} %`,
          each.at.toISOString().slice(0, 16),
          each.reason,
        ]),
      ),
    )
  })
}

async function show(id: string, options: Looking): Promise<void> {
  await atDoor(options, name, async client => {
    const found = (await releases(client)).filter(each => each.id.startsWith(id))
    const release = theOne(found, id, 'release')
    if (release === null) return
    const { rows: steps } = await client.query<{ step: string; reason: string; actor: string; at: Date }>(
      'select step, reason, actor, at from production.published_release_steps where release_id = $1 order by id',
      [release.id],
    )
    const { rows: orders } = await client.query<{ kind: string; result: unknown; finished_at: Date | null }>(
      'select kind, result, finished_at from production.published_orders where release_id = $1 order by ordered_at, id',
      [release.id],
    )
    if (options.json) return say(JSON.stringify({ ...release, steps, orders }, null, 2))
    say(
      `${release.id}  ${release.in_force ? 'in force' : release.step}`,
      `configuration ${release.configuration_id}`,
      release.verdict_id === null ? 'without a verdict' : `verdict ${release.verdict_id}`,
      '',
      ...steps.map(each => `${each.at.toISOString()}  ${each.step}  ${printable(each.reason)}`),
      ...orders.map(
        each =>
          `${each.kind}  ${each.finished_at === null ? 'ordered' : printable(JSON.stringify(each.result))}`,
      ),
    )
  })
}

async function rollback(reason: string, options: Asking & { release?: string }): Promise<void> {
  await atDoor(options, name, client =>
    askGate(client, { kind: 'rollback', said: options.release ?? null, reason }, options),
  )
}
