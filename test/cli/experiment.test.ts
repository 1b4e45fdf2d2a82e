import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { partsOf } from '../../src/core/experiment.ts'
import { genesisConfiguration } from '../../src/core/genesis.ts'
import { runCupel } from '../support/cupel.ts'
import { startLaboratory, type Laboratory } from '../jobs/experiments/laboratory.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

let lab: Laboratory
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cupel-experiment-'))
  lab = await startLaboratory('postgres')
})
afterAll(async () => {
  await lab?.close()
  await rm(folder, { recursive: true, force: true })
})

interface Said {
  status: number | null
  out: string
  err: string
}
const variables = (): Record<string, string> => ({
  DATABASE_URL: lab.database.ownerUrl,
  CUPEL_DATA_DIR: folder,
})

async function cupel(args: string[], environment: Record<string, string> = {}): Promise<Said> {
  const { code, ...said } = await runCupel(['experiment', ...args], { ...variables(), ...environment })
  return { status: code, ...said }
}

/** A process of its own, beside the test: the replay needs the model stub that lives in this one. */
function started(args: string[]): Promise<Said> {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'experiment', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...variables() },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: Said = { status: null, out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  return new Promise(done => child.once('close', status => done({ ...said, status })))
}

let files = 0
async function fileOf(...lines: string[]): Promise<string> {
  const file = join(folder, `${++files}.yml`)
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}
const model = '{ provider: openai, model: gpt-6.1-terra, maxOutputTokens: 4000 }'
/** Different each time, as a configuration is tried once. */
const idea = (name: string, ...more: string[]) =>
  fileOf(
    `name: ${name}`,
    'budget_usd: 3',
    ...more,
    'configuration:',
    '  base: genesis',
    '  change:',
    `    routing: { strategy: primary, primary: ${model} }`,
    `    limits: { deadlineMs: 60000, abortMs: 60000, files: ${files + 1} }`,
  )
async function added(file: string): Promise<string> {
  const { status, out, err } = await cupel(['add', file, '--as', 'ann'])
  expect(err).toBe('')
  expect(status).toBe(0)
  return /^experiment (\S+) is active/.exec(out)?.[1] ?? ''
}

describe('cupel experiment add', () => {
  it('proposes what a file says, once, and tells who', async () => {
    const file = await idea('first')
    const id = await added(file)
    const { rows } = await lab.given.operator.query(
      'select name, author, rate, budget_usd from experiments_v1.published_experiments where id = $1',
      [id],
    )
    expect(rows).toEqual([{ name: 'first', author: 'ann', rate: 1, budget_usd: '3.000000' }])
    const again = await cupel(['add', file])
    expect(again).toMatchObject({ status: 1, out: '' })
    expect(again.err).toContain(`is experiment ${id} already, which is active`)
  })

  it('refuses a file with line, column and cure', async () => {
    const file = await fileOf(
      'name: x',
      'budget_usd: 0',
      'configuration: { base: genesis, change: { promt: a@1 } }',
    )
    const { status, err } = await started(['add', file])
    expect(status).toBe(1)
    expect(err).toBe(
      `${file}: line 3, column 43 \`configuration.change.promt\`: unknown key; did you mean \`prompt\`?\n`,
    )
  })

  it.each([
    ['nothing.yml', 'cannot be read (ENOENT)'],
    ['', 'cannot be read (EISDIR)'],
  ])('says that %j cannot be read', async (name, why) => {
    expect((await cupel(['add', join(folder, name)])).err).toContain(why)
  })

  it('refuses the configuration in force, an unknown parent and a blacklisted part', async () => {
    const inForce = await fileOf('name: same', 'budget_usd: 1', 'configuration: { base: genesis }')
    expect((await cupel(['add', inForce])).err).toMatch(/in force as release genesis$/m)
    expect((await cupel(['add', await idea('orphan', 'parent: ffffffff')])).err).toContain(
      'no parent experiment begins with ffffffff',
    )
    const dangerous = partsOf(
      {
        ...genesisConfiguration,
        technique: { pass: 'per-file', analysersFirst: true, selfCheck: true },
      },
      () => null,
    )
    await lab.given.owner.query(
      `insert into quarantine.quarantine_records
         (id, experiment_id, configuration_id, configuration, outcome, failure_reasons, metrics_at_failure, impact_analysis)
       values ('q', 'gone', repeat('0', 64), '{}', 'dangerous', '[]', '{}', '{}')`,
    )
    await lab.given.owner.query(`insert into quarantine.blacklist values ($1, 'part', 'q', 'it leaked')`, [
      dangerous.find(part => part.name === 'technique')?.fingerprint,
    ])
    const file = await fileOf(
      'name: dangerous',
      'budget_usd: 1',
      'configuration: { base: genesis, change: { technique: { pass: per-file, selfCheck: true } } }',
    )
    const { status, err } = await cupel(['add', file])
    expect(err).toBe('technique per-file is blacklisted: it leaked\n')
    expect(status).toBe(1)
  })
})

describe('cupel experiment', () => {
  it('pauses, resumes with another budget, and stops for good', async () => {
    const id = await added(await idea('states'))
    expect((await cupel(['pause', id, 'let me think'])).out).toBe(`${id} is paused\n`)
    expect((await cupel(['show', id.slice(0, 12)])).out).toContain('paused: let me think')
    expect((await cupel(['resume', id, '--budget', '7.5'])).out).toBe(`${id} is active\n`)
    expect((await cupel(['show', id])).out).toContain('0.00 USD of 7.50 USD spent or reserved')
    expect((await cupel(['stop', id])).out).toBe(`${id} is stopped\n`)
    const refused = await cupel(['resume', id])
    expect(refused).toMatchObject({
      status: 1,
      err: `experiment ${id} is stopped and cannot become active\n`,
    })
    const { rows } = await lab.given.owner.query<{ action: string }>(
      `select action from audit.event_log where subject = $1 order by sequence`,
      [`experiment:${id}`],
    )
    expect(rows.map(row => row.action)).toEqual([
      'experiment.propose',
      'experiment.paused',
      'experiment.budget',
      'experiment.active',
      'experiment.stopped',
    ])
  })

  it('shows lineage, what is missing and the configuration', async () => {
    const parent = await added(await idea('parent'))
    const child = await added(await idea('child', `parent: ${parent.slice(0, 10)}`, 'rate: 0.5'))
    const { out } = await cupel(['show', child])
    expect(out).toContain(`grew out of  ${parent.slice(0, 8)} parent`)
    expect(out).toContain('runs on      50 % of the samples')
    expect(out).toContain('none yet: no sample of it has final labels')
    expect(out).toContain('  0 of 60 labelled pull requests\n')
    expect(out).toContain('  0 of 20 hunks in which it found a real issue\n')
    expect(out).toContain('  strategy: primary')
  })

  it('lists every experiment, and as JSON', async () => {
    const { out } = await cupel(['list'])
    expect(out).toMatch(/^ID {8}NAME .*STATE .*ACCURACY$/m)
    expect(out).toMatch(/^\w{8} {2}states .*stopped .*0\.00 USD .*7\.50 USD .*unknown$/m)
    const all = JSON.parse((await cupel(['list', '--json'])).out) as { name: string }[]
    expect(all.map(each => each.name)).toContain('child')
  })

  it('names no experiment by a beginning that fits none, nor by nothing', async () => {
    await added(await idea('one more'))
    expect(await cupel(['show', 'zzz'])).toMatchObject({ status: 1, out: '' })
    expect((await cupel(['show', ''])).err).toMatch(/^an empty id names no experiment/)
  })

  it('needs a database, and finds no stale one', async () => {
    await writeFile(
      join(folder, 'database.json'),
      JSON.stringify({ operatorUrl: lab.database.url('cupel_operator'), pid: 2 ** 22 + 1 }),
    )
    expect(await cupel(['list'], { DATABASE_URL: '' })).toMatchObject({ status: 2, out: '' })
    await writeFile(
      join(folder, 'database.json'),
      JSON.stringify({ operatorUrl: lab.database.url('cupel_operator'), pid: process.pid }),
    )
    expect((await cupel(['list'], { DATABASE_URL: '' })).status).toBe(0)
  })
})

describe('cupel experiment replay', () => {
  it('runs stored samples of the training split and tells what came of it', async () => {
    const id = await added(await idea('replayed'))
    expect((await cupel(['replay', id])).err).toBe('no stored sample of the training split has a label yet\n')
    await cupel(['pause', id])
    let training = 0
    for (let number = 1; training < 4 && number < 200; number++) {
      const sample = await lab.given.sample(number)
      const { rows } = await lab.given.owner.query<{ split: string }>(
        'select split from experiments_v1.samples where id = $1',
        [sample],
      )
      if (rows[0]?.split !== 'training') continue
      training++
      await lab.given.label(sample, training === 4 ? 'not-an-issue' : 'real-issue')
    }
    const { status, out, err } = await started(['replay', id, '--samples', '4'])
    expect(err).toMatch(/\[#{30}\] {2}4\/4\n$/)
    expect(status).toBe(0)
    expect(out).toContain('the replay is done\n')
    expect(out).toMatch(/^runs +4, of them 0 degraded and 0 failed$/m)
    expect(out).toMatch(/^labelled +4 pull requests, 4 hunks$/m)
    // Three of four are real issues, found; the fourth is not one, and it was raised.
    expect(out).toMatch(/^accuracy +0\.750 \(/m)
    expect(out).toMatch(/^ {2}of silence +0\.250$/m)
    expect(out).toMatch(/^wrong, missed +1 hunks, 0 hunks$/m)
    const runs = await lab.runsOf(id)
    expect(runs.map(run => [run.kind, run.state])).toEqual(
      Array.from({ length: 4 }, () => ['replay', 'done']),
    )
    expect((await cupel(['show', id])).out).toContain('4/4 samples, done, accuracy 0.750')
    // What was run once is not run again.
    expect((await cupel(['replay', id, '--samples', '4'])).out).toContain('the replay is done\n')
    expect(await lab.runsOf(id)).toHaveLength(4)
  })

  it('ends early, and says why, when no key is there', async () => {
    const file = await fileOf(
      'name: other provider',
      'budget_usd: 3',
      'configuration:',
      '  base: genesis',
      '  change:',
      '    routing:',
      '      strategy: secondary',
      '      secondary: { provider: anthropic, model: claude-sonnet-5-5, maxOutputTokens: 4000 }',
    )
    const { status, out } = await cupel(['replay', await added(file)])
    expect(status).toBe(1)
    expect(out).toContain('the replay ended early: no key for anthropic')
  })
})
