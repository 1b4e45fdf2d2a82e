import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { administrators } from '../../../jobs/production/administrators.ts'
import type { Administrators, Directory } from '../../../src/ports/administrators.ts'
import { reactions, see } from '../../e2e/repository.ts'
import { addExperiment, addRecord } from '../../support/gate-rows.ts'
import { jobsWorld, openPull, type JobsWorld, type Opened } from './world.ts'

let world: JobsWorld
let directory: Directory
const warnings: string[] = []
const log = { warn: (fields: object) => void warnings.push((fields as { name: string }).name) }
const named = (names: string[], over: Partial<Directory> = {}): Administrators =>
  administrators({ directory: { ...directory, ...over }, clock: world.deps.clock, log }, names)
const idOf = (login: string) => world.github.state.users.get(login)?.id ?? 0
const away = async () => {
  throw new Error('GitHub is away')
}

beforeAll(async () => {
  const permissions = {
    checks: 'write',
    contents: 'read',
    issues: 'write',
    members: 'read',
    metadata: 'read',
  } as const
  world = await jobsWorld({ rate: 0, permissions: { ...permissions, pull_requests: 'write' } })
  const { control } = world.github
  await openPull(world, { 'a.ts': 'const a = 1\n' })
  for (const login of ['ada', 'root', 'gate-keeper']) await control.createUser({ login })
  await control.addTeamMember({ organisation: 'acme', team: 'keepers', login: 'gate-keeper' })
  ;({ directory } = world)
})
afterAll(() => world?.close())
afterEach(() => {
  warnings.length = 0
  expect(world.github.validationErrors).toEqual([])
})

describe('administrators', () => {
  it('are accounts and members of teams, by id, and nobody before they were looked up', async () => {
    const known = named(['root', 'acme/keepers'])
    const all = () => ['root', 'gate-keeper', 'ada', 'bob'].filter(login => known.has(idOf(login)))
    expect(all()).toEqual([])
    await known.refresh()
    expect(all()).toEqual(['root', 'gate-keeper'])
    expect(warnings).toEqual([])
  })

  it.each(['nobody-of-that-name', 'acme/no-such-team', 'elsewhere/keepers'])(
    'that GitHub does not know are a warning: %s',
    async name => {
      await named([name]).refresh()
      expect(warnings).toEqual([name])
    },
  )

  it('keep their power when GitHub is away, members of teams for an hour', async () => {
    const faults: Partial<Directory> = {}
    const known = named(['root', 'acme/keepers'], {
      user: login => (faults.user ?? directory.user)(login),
      team: (organisation, slug) => (faults.team ?? directory.team)(organisation, slug),
    })
    await known.refresh()
    Object.assign(faults, { user: away, team: away })
    await known.refresh()
    expect(['root', 'gate-keeper'].map(login => known.has(idOf(login)))).toEqual([true, true])
    world.pass(3_600_001)
    expect(['root', 'gate-keeper'].map(login => known.has(idOf(login)))).toEqual([true, false])
  })

  it('lose it when they leave the team; a login that passes to another account gives that one nothing', async () => {
    let id = idOf('root')
    const known = named(['root', 'acme/keepers'], { user: async () => id })
    await known.refresh()
    await world.github.control.removeTeamMember({
      organisation: 'acme',
      team: 'keepers',
      login: 'gate-keeper',
    })
    id = 666
    await known.refresh()
    expect([known.has(idOf('gate-keeper')), known.has(666), known.has(idOf('root'))]).toEqual([
      false,
      false,
      true,
    ])
  })

  it('of a team are not to be seen without the permission for members', async () => {
    const [installation] = [...world.github.state.installations.values()]
    if (!installation) throw new Error('the App is installed')
    const granted = installation.permissions
    installation.permissions = { metadata: 'read' }
    expect(await directory.team('acme', 'keepers')).toBeNull()
    installation.permissions = granted
  })
})

describe('an administrator’s command', () => {
  let at: Opened
  const say = async (body: string, by = 'root'): Promise<{ id: number; answer: string | undefined }> => {
    const before = see(world, at).answers.length
    const { id } = await world.github.control.comment({ ...at, by, body })
    await world.work()
    return { id, answer: see(world, at).answers[before] }
  }
  const asked = async () =>
    (
      await world.owner.query<{
        id: string
        kind: string
        subject: string | null
        reason: string
        actor: string
      }>(
        'select id, kind, subject, reason, actor from gate.actions where source = $1 order by requested_at',
        ['comment'],
      )
    ).rows

  beforeAll(async () => {
    await world.owner.query(
      `insert into experiments_v1.experiments (id, name, author, author_kind, rate, budget_usd, configuration_id, configuration, parts)
       select 'abcdef-1', 'quick', 'ada', 'person', 1, 1, configuration_id, configuration, '{}' from production.releases where id = 'genesis'`,
    )
    await addExperiment(world.owner, 'twinned-1')
    await addExperiment(world.owner, 'twinned-2')
    await addRecord(world.owner, 'record-1')
    at = await openPull(world, { 'a.ts': 'const a = 1\n' })
    const known = named(['root'])
    await known.refresh()
    world.deps.administrators = known
  })

  it('experiments: lists what production may know of them', async () => {
    expect((await say('/cupel experiments')).answer).toContain('| `abcdef-1` | `quick` | active |')
  })

  it.each<[string, string, string | null, string | RegExp]>([
    ['/cupel promote abcdef', 'promote', 'abcdef-1', /^asked for in acme\//],
    ['/cupel quarantine abcdef-1 too slow', 'quarantine', 'abcdef-1', 'too slow'],
    ['/cupel reevaluate record a newer model', 'reevaluate', 'record-1', 'a newer model'],
    ['/cupel blacklist record-1/model it leaks', 'blacklist', 'record-1/model', 'it leaks'],
    ['/cupel blacklist genesis it leaks', 'blacklist', 'genesis', 'it leaks'],
    ['/cupel rollback', 'rollback', null, /^asked for in/],
  ])('%s becomes one request of the gate, audited', async (body, kind, subject, reason) => {
    const { id, answer } = await say(body)
    expect(reactions(world, id)).toEqual(['eyes'])
    expect(answer).toContain(`\`comment:${id}\``)
    expect((await asked()).filter(each => each.id === `comment:${id}`)).toEqual([
      { id: `comment:${id}`, kind, subject, reason: expect.stringMatching(reason) as string, actor: 'root' },
    ])
    const audited = await world.owner.query(
      `select 1 from audit.event_log where action = $1 and actor = 'root' and event like $2`,
      [`gate.action.${kind}`, `%comment:${id}%`],
    )
    expect(audited.rowCount).toBe(1)
  })

  it.each<[string, string, string, string, RegExp | null]>([
    [
      'of an experiment that nobody knows',
      'root',
      '/cupel promote zzzzzz',
      'eyes',
      /^No experiment begins with `zzzzzz`/,
    ],
    [
      'of a record that is an experiment',
      'root',
      '/cupel reevaluate abcdef-1 why',
      'eyes',
      /^No record begins/,
    ],
    [
      'of too short an id',
      'root',
      '/cupel promote abc',
      'eyes',
      /^No experiment begins with `abc`.* 6 characters/,
    ],
    [
      'of one of two',
      'root',
      '/cupel quarantine twinned why',
      'eyes',
      /^`twinned` may be `twinned-1`, `twinned-2`/,
    ],
    ['without its reason', 'root', '/cupel blacklist r1', 'confused', /`\/cupel blacklist ID REASON`/],
    ['by a writer', 'cara', '/cupel rollback', '-1', /administrators/],
    ['without its reason, by a writer', 'cara', '/cupel blacklist r1', '-1', /administrators/],
    ['by the repository’s owner', 'acme', '/cupel promote abcdef-1', '-1', /administrators/],
    ['by an outsider', 'eve', '/cupel rollback', '-1', null],
  ])('%s asks nothing of the gate', async (_what, by, body, reaction, answer) => {
    const before = await asked()
    const said = await say(body, by)
    expect(reactions(world, said.id)).toEqual([reaction])
    if (answer === null) expect(said.answer).toBeUndefined()
    else expect(said.answer).toMatch(answer)
    expect(await asked()).toEqual(before)
  })
})
