import process from 'node:process'
import { Command } from 'commander'
import type pg from 'pg'
import { drawnSamples, submitJudgement } from '../adapters/postgres/judgements.ts'
import { doorRefusal } from '../adapters/postgres/published-experiments.ts'
import { judgementOf, questionsOf, type Answer, type Issue, type Question } from '../core/judging.ts'
import { questionJson, questionLines, questionTable } from '../core/judging-text.ts'
import { longestOpenMs } from '../core/label.ts'
import { matching } from '../core/match/likeness.ts'
import { printable } from '../core/report/printable.ts'
import { openTerminal, type Terminal } from './label-terminal.ts'
import { ownName } from './own-name.ts'
import { databaseOption, withDatabase } from './with-database.ts'

interface Options {
  database?: string
  as: string
  list?: boolean
  json?: boolean
  judge?: string
  line?: string
  text?: string
}

/** `cupel label`: the blind audit. What is asked never tells who found it. */
export function labelCommand(): Command {
  return new Command('label')
    .description('judge lines that were drawn for the audit, without knowing who said what of them')
    .argument('[answer]', 'with --judge: y, n or unsure')
    .option('--list', 'show what waits to be judged')
    .option('--json', 'show it as JSON')
    .option('--judge <id>', 'answer one question')
    .option('--line <n>', 'with y on a hunk: the line, -12 for the removed line 12')
    .option('--text <words>', 'with y on a hunk: what is wrong there')
    .option('--as <name>', 'who judges: your login on the code host', ownName())
    .addOption(databaseOption())
    .action(label)
}

async function label(answer: string | undefined, options: Options): Promise<void> {
  if (
    options.judge === undefined &&
    (answer !== undefined || options.line !== undefined || options.text !== undefined)
  )
    return complain('an answer needs --judge ID', 2)
  const given = answer === undefined ? null : readAnswer(answer)
  if (options.judge !== undefined && given === null) return complain('answer y, n or unsure', 2)
  await withDatabase(options.database, 'cupel label', async client => {
    try {
      if (options.judge !== undefined && given !== null) await judgeOne(client, options.judge, given, options)
      else if (options.list || options.json) await list(client, options)
      else await judgeAll(client, options.as)
    } catch (error) {
      const refusal = doorRefusal(error)
      if (refusal === null) throw error
      complain(printable(refusal))
    }
  })
}

/** Everything asked of this judge; what was settled as well, for who wants to change their mind. */
async function questionsFor(client: pg.Client, judge: string): Promise<Question[]> {
  const samples = await drawnSamples(client, new Date(Date.now() - longestOpenMs))
  return samples.flatMap(sample => questionsOf(sample, judge, matching))
}

async function list(client: pg.Client, options: Options): Promise<void> {
  const waiting = (await questionsFor(client, options.as)).filter(question => question.waits)
  say(options.json ? JSON.stringify(waiting.map(questionJson), null, 2) : questionTable(waiting).join('\n'))
}

async function judgeOne(client: pg.Client, id: string, answer: Answer, options: Options): Promise<void> {
  const { line, text } = options
  if ((line === undefined) !== (text === undefined)) return complain('--line and --text go together', 2)
  const question = (await questionsFor(client, options.as)).find(each => each.id === id)
  if (!question) return complain(`no question ${printable(id)}; \`cupel label --list\` shows what waits`)
  const issue = line === undefined || text === undefined ? null : { line, text }
  const problem = await submit(client, question, answer, issue, options.as)
  if (problem !== null) complain(problem)
}

/** Null, or what is wrong with the answer. */
async function submit(
  client: pg.Client,
  question: Question,
  answer: Answer,
  issue: Issue | null,
  judge: string,
): Promise<string | null> {
  const judged = judgementOf(question, answer, issue)
  if ('problem' in judged) return judged.problem
  await submitJudgement(client, judged.submit, judge)
  return null
}

/** One question after the other, read anew each time: others may be judging too. */
async function judgeAll(client: pg.Client, judge: string): Promise<void> {
  const terminal = openTerminal()
  const skipped = new Set<string>()
  let done = 0
  try {
    for (;;) {
      const waiting = (await questionsFor(client, judge)).filter(each => each.waits && !skipped.has(each.id))
      const [question] = waiting
      if (!question) break
      terminal.say('', ...questionLines(question, { color: terminal.color }))
      const key = await terminal.key(`[y]es  [n]o  [u]nsure  [s]kip  [q]uit  (${waiting.length} left) `)
      if (key === null || key === 'q') break
      const answer = readAnswer(key)
      if (key === 's') skipped.add(question.id)
      else if (answer === null) terminal.say('y, n, u, s or q')
      else if (await answered(client, terminal, question, answer, judge)) done++
    }
    const left = skipped.size > 0 ? `, ${skipped.size} skipped` : ''
    terminal.say('', done + skipped.size === 0 ? 'nothing was judged' : `${done} judged${left}`)
  } finally {
    terminal.close()
  }
}

/** False when the judge gave up naming what is wrong. */
async function answered(
  client: pg.Client,
  terminal: Terminal,
  question: Question,
  answer: Answer,
  judge: string,
): Promise<boolean> {
  if (answer !== 'y' || question.claim !== null)
    return (await submit(client, question, answer, null, judge)) === null
  let named = false
  for (;;) {
    const line = await terminal.line(
      `line of ${named ? 'another' : 'the'} issue, as shown (empty: no more): `,
    )
    if (!line) return named
    const text = await terminal.line('what is wrong there: ')
    const problem = await submit(client, question, 'y', { line, text: text ?? '' }, judge)
    if (problem !== null) terminal.say(problem)
    else named = true
  }
}

function readAnswer(text: string): Answer | null {
  switch (text.toLowerCase()) {
    case 'y':
    case 'yes':
      return 'y'
    case 'n':
    case 'no':
      return 'n'
    case 'u':
    case 'unsure':
      return 'unsure'
    default:
      return null
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function complain(text: string, code = 1): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = code
}
