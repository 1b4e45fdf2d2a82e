import { Command } from 'commander'
import { publishedReleases, releaseOrders, releaseSteps } from '../adapters/postgres/published-releases.ts'
import { table } from '../core/experiment-text.ts'
import { releaseStanding } from '../core/release.ts'
import { printable } from '../core/report/printable.ts'
import { asking, askGate, atDoor, looking, say, theOne, type Asking, type Looking } from './acting.ts'

const name = 'cupel release'

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

async function list(options: Looking): Promise<void> {
  await atDoor(options, name, async client => {
    const all = await publishedReleases(client)
    if (options.json) return say(JSON.stringify(all, null, 2))
    say(
      ...table(
        ['ID', 'STEP', 'SHARE', 'SINCE', 'WHY'],
        all.map(each => [
          each.id,
          releaseStanding(each),
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
    const found = (await publishedReleases(client)).filter(each => each.id.startsWith(id))
    const release = theOne(found, id, 'release')
    if (release === null) return
    const steps = await releaseSteps(client, release.id)
    const orders = await releaseOrders(client, release.id)
    if (options.json) return say(JSON.stringify({ ...release, steps, orders }, null, 2))
    say(
      `${release.id}  ${release.inForce ? 'in force' : release.step}`,
      `configuration ${release.configurationId}`,
      release.verdictId === null ? 'without a verdict' : `verdict ${release.verdictId}`,
      '',
      ...steps.map(each => `${each.at.toISOString()}  ${each.step}  ${printable(each.reason)}`),
      ...orders.map(
        each =>
          `${each.kind}  ${each.finishedAt === null ? 'ordered' : printable(JSON.stringify(each.result))}`,
      ),
    )
  })
}

async function rollback(reason: string, options: Asking & { release?: string }): Promise<void> {
  await atDoor(options, name, client =>
    askGate(client, { kind: 'rollback', said: options.release ?? null, reason }, options),
  )
}
