import { spawn } from 'node:child_process'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawnSamples } from '../../src/adapters/postgres/judgements.ts'
import { questionsOf, type Question } from '../../src/core/judging.ts'
import { longestOpenMs } from '../../src/core/label.ts'
import { matching } from '../../src/core/match/likeness.ts'
import { runCupel, type Said } from '../support/cupel.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { drawnIn, findingAt, type Drawn } from '../jobs/gate/drawn.ts'

let database: TestDatabase
let given: Drawn
let operator: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  given = await drawnIn(database, 'all')
  operator = database.pool('cupel_operator', 1)
  await given.experiment('quiet-trial')
})
afterAll(() => database.drop())

/** `typed` are the lines at its prompts, then the end of input. */
function cupel(...typed: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'label', '--as', 'ann'], {
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: database.url('cupel_operator') },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  child.stdin.on('error', () => {}).end(typed.map(line => `${line}\n`).join(''))
  return new Promise(done => child.once('close', status => done({ ...said, status })))
}

/** Without a terminal of its own. */
async function told(...args: string[]): Promise<Said> {
  return runCupel(['label', '--as', 'ann', ...args], { DATABASE_URL: database.url('cupel_operator') })
}

/** What the command works on, without the process. */
async function waiting(as = 'ann'): Promise<Question[]> {
  const samples = await drawnSamples(operator, new Date(Date.now() - longestOpenMs))
  return samples.flatMap(each => questionsOf(each, as, matching)).filter(question => question.waits)
}
async function labels(sample: string): Promise<string[]> {
  const { rows } = await given.owner.query<{ word: string }>(
    `select format('%s:%s-%s %s %s', side, start_line, line, label, meaning) as word from gate.labels
     where sample_id = $1 order by id`,
    [sample],
  )
  return rows.map(row => row.word)
}

describe('cupel label', () => {
  let sample: string
  beforeAll(async () => {
    sample = await given.sample(1, 3, [findingAt(11, 'Wrong sum', 'The sum is off by one \u001b[31m.')])
    await given.run('quiet-trial', sample, [
      // The same issue in the same words, and one that only the experiment saw.
      findingAt(11, 'Wrong sum', 'The sum is off by one \u001b[31m.'),
      findingAt(21, 'Leaks a handle', 'Nobody closes the file.'),
    ])
  })

  it('lists each drawn finding once, and hunks without any, telling nothing of who found it', async () => {
    const { out } = await told('--list')
    const rows = out.split('\n').slice(1, -1)
    expect(rows.map(row => row.replace(/^\w{12} +\S+ +/, ''))).toEqual([
      'src/a.ts:11  Wrong sum',
      'src/a.ts:21  Leaks a handle',
      'src/a.ts:30  Is anything wrong in these lines?',
    ])
    const json = (await told('--json')).out
    for (const text of [out, json]) expect(text).not.toMatch(/secret-model|quiet-trial|genesis|#1\b/)
  })

  it('asks one question after the other, with the code, and takes y, n, u, s and q', async () => {
    const { out, status } = await cupel('x', 's', 'n', 'n', 'y', '99', 'nothing', '31', 'Wrong sign', '', 'q')
    expect(status).toBe(0)
    expect(out).toContain('\n> +    11  added 11\n')
    expect(out).toContain('  Wrong sum\n  The sum is off by one \\x1b[31m.\nIs this a real issue?\n')
    expect(out).toContain('y, n, u, s or q')
    expect(out).toContain('line 99 is not in this hunk')
    expect(out).toContain('3 judged, 1 skipped')
    expect(out).not.toMatch(/secret-model|quiet-trial|genesis/)
    expect(await labels(sample)).toEqual([
      'RIGHT:21-21 not-an-issue Leaks a handle\nNobody closes the file.',
      'RIGHT:20-21 clean ',
      'RIGHT:31-31 real-issue Wrong sign',
    ])
  })

  it('ends at the end of input as with q, and asks again for what was not answered', async () => {
    expect((await cupel()).out).toContain('nothing was judged')
    expect((await waiting()).map(each => each.claim?.line)).toEqual([11])
  })

  it('asks another judge what one was unsure of, and nobody what is settled', async () => {
    const [question] = await waiting()
    expect(await told('--judge', question?.id ?? '', 'unsure')).toEqual({ code: 0, out: '', err: '' })
    expect(await waiting()).toEqual([])
    expect((await waiting('bob')).map(each => each.id)).toEqual([question?.id])
    expect((await told('--judge', question?.id ?? '', 'y', '--as', 'bob')).code).toBe(0)
    expect(await waiting('bob')).toEqual([])
    expect((await labels(sample)).slice(3)).toEqual([
      'RIGHT:11-11 withdrawn Wrong sum\nThe sum is off by one \u001b[31m.',
      'RIGHT:11-11 real-issue Wrong sum\nThe sum is off by one \u001b[31m.',
    ])
  })

  it('takes answers from scripts, a changed mind included, and asks of findings that came later', async () => {
    const second = await given.sample(2, 1)
    const [hunk] = await waiting()
    expect(hunk).toMatchObject({ sampleId: second, claim: null })
    await told('--judge', hunk?.id ?? '', 'n')
    expect(await waiting()).toEqual([])
    await given.run('quiet-trial', second, [findingAt(11, 'Deadlock', 'Two locks in turns.')])
    const [late] = await waiting()
    expect(late).toMatchObject({ claim: { text: 'Deadlock\nTwo locks in turns.' } })
    await told('--judge', late?.id ?? '', 'y')
    await told('--judge', late?.id ?? '', 'n')
    await told('--judge', hunk?.id ?? '', 'y', '--line', '10', '--text', 'Said too much')
    expect(await labels(second)).toEqual([
      'RIGHT:10-11 clean ',
      'RIGHT:11-11 real-issue Deadlock\nTwo locks in turns.',
      'RIGHT:11-11 not-an-issue Deadlock\nTwo locks in turns.',
      'RIGHT:10-10 real-issue Said too much',
    ])
  })

  it.each([
    [['--judge', '000000000000', 'y'], 1, 'no question 000000000000'],
    [['--judge', '000000000000', 'maybe'], 2, 'answer y, n or unsure'],
    [['--judge', '000000000000', 'y', '--line', '3'], 2, '--line and --text go together'],
    [['y'], 2, 'an answer needs --judge ID'],
  ])('refuses %j', async (args, status, why) => {
    const said = await told(...args)
    expect([said.code, said.err]).toEqual([status, expect.stringContaining(why)])
  })

  it('asks nothing more after 14 days', async () => {
    await given.sample(3, 1)
    expect(await waiting()).toHaveLength(1)
    await given.owner.query(`update experiments_v1.samples set taken_at = now() - interval '14 days'`)
    expect(await waiting()).toEqual([])
  })
})
