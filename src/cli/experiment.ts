import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { Command, InvalidArgumentError } from 'commander'
import type pg from 'pg'
import {
  askedAgain,
  experimentsByPrefix,
  experimentWith,
  lineageOf,
  newestMetrics,
  proposeExperiment,
  publishedExperiments,
  publishedReplays,
  runCounts,
  setExperimentBudget,
  setExperimentState,
  sumsOf,
} from '../adapters/postgres/published-experiments.ts'
import type { Metrics, PublishedExperiment } from '../ports/published.ts'
import { readExperiment } from '../core/experiment-file.ts'
import { partsOf, type Part } from '../core/experiment.ts'
import { configurationId } from '../core/ids.ts'
import { evidenceIn, noEvidence } from '../core/minimum-evidence.ts'
import { figuresOf } from '../core/score/figures.ts'
import { printable } from '../core/report/printable.ts'
import { problemLines } from '../core/repository-configuration-text.ts'
import { acting, atDoor, complain, looking, say, theOne, type Acting } from './acting.ts'
import { promptText } from '../engine/prompts.ts'
import { experimentChecks } from './experiment-checks.ts'
import { replayExperiment } from './experiment-replay.ts'
import { listLines, showLines } from './experiment-show.ts'
import { withDatabase } from './with-database.ts'

const name = 'cupel experiment'

/** `cupel experiment`: what administrators do with experiments, through the operator's role. */
export function experimentCommand(): Command {
  const command = new Command('experiment').description('configurations on trial, which nobody sees but you')
  const sub = (usage: string, description: string): Command =>
    looking(command.command(usage).description(description))
  const act = (usage: string, description: string): Command =>
    acting(command.command(usage).description(description))

  act('add <file>', 'propose the experiment of a YAML file; see docs/experiments.md').action(add)
  sub('list', 'every experiment, its state and its spending').option('--json', 'as JSON').action(list)
  sub('show <id>', 'one experiment: lineage, money, runs, figures, and what is missing')
    .option('--json', 'as JSON')
    .action(show)
  act('pause <id> [reason]', 'start no more runs of it').action(
    (id: string, reason: string | undefined, options: Acting) => change(id, 'paused', reason, options),
  )
  act('resume <id>', 'go on')
    .option('--budget <usd>', 'with another budget, over its whole life', dollars)
    .action((id: string, options: Acting & { budget?: number }) => change(id, 'active', undefined, options))
  act('stop <id> [reason]', 'end it for good').action(
    (id: string, reason: string | undefined, options: Acting) => change(id, 'stopped', reason, options),
  )
  act('replay <id>', 'try it on stored samples that have labels, now')
    .option('--samples <n>', 'at most so many', count, 50)
    .action(replay)
  return command
}

async function add(file: string, options: Acting): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error)
  if (typeof text !== 'string') return complain(`${file} cannot be read (${text.code})`)
  const { definition, problems } = readExperiment(text, experimentChecks())
  if (definition === null)
    return complain(...problemLines(problems).map(line => `${file}: ${printable(line)}`))
  await atDoor(options, name, async client => {
    const parent =
      definition.parent === null ? null : (await found(client, definition.parent, 'parent experiment'))?.id
    if (parent === undefined) return
    const known = await experimentWith(client, configurationId(definition.configuration))
    const parts = partsOf(definition.configuration, promptText)
    const proposal = proposeExperiment(client, { ...definition, parent }, options.as, parts)
    const id = await proposal.catch((error: unknown) => {
      throw inWords(error, parts)
    })
    if (known) complain(`this configuration is experiment ${id} already, which is ${known.state}`)
    else process.stdout.write(`experiment ${id} is active: it runs on samples taken from now on\n`)
  })
}

/** A blacklisted part is named by its fingerprint; people know it by its name. */
function inWords(error: unknown, parts: readonly Part[]): unknown {
  const part = parts.find(each => error instanceof Error && error.message.includes(each.fingerprint))
  if (!(error instanceof Error) || !part) return error
  error.message = error.message.replace(/(?:configuration|part) [0-9a-f]{64}/, part.words)
  return error
}

async function list(options: { database?: string; json?: boolean }): Promise<void> {
  await withDatabase(options.database, name, async client => {
    const all = await publishedExperiments(client)
    if (options.json) return say(JSON.stringify(all, null, 2))
    // One connection takes one query after the other.
    const metrics = new Map<string, Metrics | null>()
    for (const { id } of all) metrics.set(id, await newestMetrics(client, id))
    say(...listLines(all, metrics))
  })
}

async function show(prefix: string, options: { database?: string; json?: boolean }): Promise<void> {
  await withDatabase(options.database, name, async client => {
    const experiment = await found(client, prefix)
    if (experiment === null) return
    const { id } = experiment
    const sums = await sumsOf(client, id)
    const shown = {
      experiment,
      lineage: await lineageOf(client, id),
      asked: await askedAgain(client, id),
      runs: await runCounts(client, id),
      figures: sums === null ? null : figuresOf(sums),
      metrics: await newestMetrics(client, id),
      evidence: sums === null ? noEvidence : evidenceIn(sums),
      replays: await publishedReplays(client, id),
    }
    say(...(options.json ? [JSON.stringify(shown, null, 2)] : showLines(shown)))
  })
}

async function change(
  prefix: string,
  state: 'active' | 'paused' | 'stopped',
  reason: string | undefined,
  options: Acting & { budget?: number },
): Promise<void> {
  await atDoor(options, name, async client => {
    const experiment = await found(client, prefix)
    if (experiment === null) return
    if (options.budget !== undefined)
      await setExperimentBudget(client, experiment.id, options.budget, options.as)
    const now = await setExperimentState(client, experiment.id, state, options.as, reason ?? null)
    say(`${experiment.id} is ${now}`)
  })
}

async function replay(prefix: string, options: Acting & { samples: number }): Promise<void> {
  await atDoor(options, name, async client => {
    const experiment = await found(client, prefix)
    if (experiment !== null)
      process.exitCode = await replayExperiment(client, experiment, options.samples, options.as)
  })
}

async function found(
  client: pg.Client,
  said: string,
  what = 'experiment',
): Promise<PublishedExperiment | null> {
  return theOne(await experimentsByPrefix(client, said), said, what)
}

function count(value: string): number {
  if (!/^[1-9]\d{0,4}$/.test(value)) throw new InvalidArgumentError('Write a number from 1 to 99999.')
  return Number(value)
}

function dollars(value: string): number {
  const amount = Number(value)
  if (!/^\d{1,6}(\.\d{1,4})?$/.test(value) || amount <= 0)
    throw new InvalidArgumentError('Write US dollars such as 20 or 2.5.')
  return amount
}
