import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCupel, type Said } from '../support/cupel.ts'
import { jobsWorld, openPull, type JobsWorld, type Opened } from '../jobs/production/world.ts'

let world: JobsWorld
let pull: Opened
beforeAll(async () => {
  world = await jobsWorld()
  pull = await openPull(world, { 'a.js': 'let a // BUG\n' })
  const [commentId = 0] = pull.comments()
  const { control } = world.github
  await control.reply({ commentId, by: 'bob', body: 'useful' })
  await control.reply({ commentId, by: 'bob', body: 'wrong, I misread it' })
  await control.reply({ commentId, by: 'cara', body: 'What do you mean?' })
  await control.reply({ commentId, by: 'mallory', body: 'noise' })
  await world.work()
  // The first reply is followed by the second before labels are made: the label is overturned by a third.
  await control.reply({ commentId, by: 'bob', body: 'useful' })
  await world.work()
})
afterAll(() => world.close())

const variables = () => ({ DATABASE_URL: world.database.url('cupel_operator') })
const cupel = (...args: string[]): Promise<Said> => runCupel(args, variables())

describe('cupel feedback show', () => {
  it('tells every signal, by whom, what was made of it and why, and the labels that came of it', async () => {
    const args = ['feedback', 'show', `${pull.repo}#${pull.number}`]
    const { code, out } = await cupel(...args)
    expect(code).toBe(0)
    const started = spawnSync(process.execPath, ['src/cli/main.ts', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...variables() },
    })
    expect(started).toMatchObject({ status: 0, stdout: out, stderr: '' })
    const lines = out.split('\n').map(line => line.replace(/^\d{4}-\S+ {2}/, ''))
    expect(lines.slice(0, 11)).toEqual([
      `5 signals on ${pull.repo}#${pull.number}`,
      'a.js:1  bob (collaborator)  reply: useful',
      '    not counted: the same person said something else later',
      'a.js:1  bob (collaborator)  reply: wrong',
      '    not counted: the same person said something else later',
      'a.js:1  cara (collaborator)  reply: unreadable',
      '    not counted: ignored: it begins with none of wrong, noise, not-here, already-known, useful',
      'a.js:1  mallory (outsider)  reply: noise',
      '    not counted: neither the author nor a collaborator with triage or more',
      'a.js:1  bob (collaborator)  reply: useful',
      '    counted: real-issue, tier A, weight 1: somebody said so in words',
    ])
    expect(out).toContain('a.js:1  version 2, overturned: not-an-issue, tier A, weight 1 (reply:wrong)')
    expect(out).toContain('a.js:1  version 3, current: real-issue, tier A, weight 1 (reply:useful)')
  })

  it('tells the same as JSON', async () => {
    const { out } = await cupel('feedback', 'show', `${pull.repo}#${pull.number}`, '--json')
    expect(JSON.parse(out)).toMatchObject({ signals: { length: 5 }, labels: { length: 3 } })
  })

  it.each([
    ['nonsense', 2, 'write OWNER/REPO#N'],
    ['no/such#1', 1, 'no pull request of no/such is known'],
  ])('refuses %s', async (name, exit, why) => {
    const { code, err } = await cupel('feedback', 'show', name)
    expect([code, err]).toEqual([exit, expect.stringContaining(why)])
  })
})

describe('cupel samples purge', () => {
  const kept = async (): Promise<number> =>
    (await world.owner.query('select 1 from experiments_v1.samples where snapshot is not null')).rowCount ?? 0

  it('forgets by age and repository, and only these', async () => {
    const other = await openPull(world, { 'b.js': 'let b // BUG\n' })
    expect(await kept()).toBe(2)
    expect((await cupel('samples', 'purge', '--older-than', '1')).out).toBe('forgot the texts of 0 samples\n')
    expect((await cupel('samples', 'purge', '--older-than', 'x')).code).toBe(2)
    expect((await cupel('samples', 'purge', '--repository', 'no/such')).code).toBe(1)
    expect((await cupel('samples', 'purge', '--repository', other.repo.toUpperCase())).out).toBe(
      'forgot the texts of 1 samples\n',
    )
    expect(await kept()).toBe(1)
    expect((await cupel('samples', 'purge')).out).toBe('forgot the texts of 1 samples\n')
    expect(await kept()).toBe(0)
  })

  it('leaves feedback that comes later without effect', async () => {
    const before = await pull.labels()
    await world.github.control.reply({ commentId: pull.comments()[0] ?? 0, by: 'cara', body: 'noise' })
    await world.work()
    expect(await pull.labels()).toEqual(before)
    expect(world.errors).toEqual([])
  })
})
