import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { Command, InvalidArgumentError } from 'commander'
import type { Verdict } from '../core/gate/decide.ts'
import { readThresholds } from '../core/gate/settings.ts'
import { concluded, newStream, readOn } from '../core/gate/stream.ts'
import { readLine } from '../core/gate/stream-line.ts'
import { defaultThresholds, type Thresholds } from '../core/gate/thresholds.ts'
import { printable } from '../core/report/printable.ts'
import { addGateOperations } from './gate-operations.ts'
import { addThresholds } from './gate-thresholds.ts'

interface Options {
  stream?: boolean
  settings?: string
  perDay: number
  answers?: boolean
}

/** `cupel gate`: what the gate says, would say, and is asked. */
export function gateCommand(): Command {
  const command = new Command('gate').description('what is promoted, and why')
  command
    .command('decide')
    .description('the gate’s verdict on evidence of your own; see docs/gate.md')
    .option(
      '--stream',
      'read one trial, run, label or pull request per JSON line, print the verdict after each',
    )
    .option('--settings <file>', 'thresholds that differ from the defaults, as JSON')
    .option('--per-day <n>', 'pull requests in a day, for lines without a time', rate, 40)
    .option('--answers', 'print only lines at which the answer changes, without the evidence')
    .action(decideStream)
  return addGateOperations(addThresholds(command))
}

async function decideStream(options: Options): Promise<void> {
  if (!options.stream) return complain('write --stream and give JSON lines on standard input')
  const thresholds = await thresholdsOf(options.settings)
  if (thresholds === null) return
  const stream = newStream()
  let number = 0
  let answer: Verdict['answer'] | null = null
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    number++
    // JavaScript counts a byte order mark, with which some editors begin a file, as white space.
    const bare = text.trim()
    if (bare === '') continue
    const line = readLine(bare)
    if ('wrong' in line) return complain(`line ${number}: ${printable(line.wrong)}`)
    const ignored = readOn(stream, line, thresholds, options.perDay)
    const verdict = concluded(stream, thresholds)
    const changed = answer !== verdict.answer || line.kind === 'trial'
    answer = verdict.answer
    const place = { line: number, trial: stream.name, ...(ignored !== null && { ignored }) }
    const waiting = stream.open.size === 0 ? {} : { openPullRequests: stream.open.size }
    if (!options.answers) await say({ ...place, ...waiting, ...verdict, criteria: withE(verdict.criteria) })
    else if (changed) await say({ ...place, answer, pullRequests: stream.evidence.pullRequests })
  }
}

/** E-values as such beside their logarithms, as far as a number can hold them. */
function withE(criteria: Verdict['criteria']): Record<string, unknown> {
  const most = Math.log(Number.MAX_VALUE)
  return Object.fromEntries(
    Object.entries(criteria).map(([name, criterion]) => [
      name,
      { ...criterion, e: Math.exp(Math.min(most, criterion.logFor)) },
    ]),
  )
}

async function thresholdsOf(file: string | undefined): Promise<Thresholds | null> {
  if (file === undefined) return defaultThresholds
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error)
  const read = typeof text === 'string' ? readThresholds(text) : { wrong: `cannot be read (${text.code})` }
  if (!('wrong' in read)) return read
  complain(`${file}: ${printable(read.wrong)}`)
  return null
}

async function say(value: unknown): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain')
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`)
  process.exitCode = 2
}

function rate(value: string): number {
  const perDay = Number(value)
  if (!(perDay > 0 && perDay <= 1e6))
    throw new InvalidArgumentError('Write pull requests in a day, such as 40.')
  return perDay
}
