import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { until } from '../e2e/until.ts'
import { runCupel } from '../support/cupel.ts'
import { nameSlowModels } from '../../src/cli/slow-models.ts'
import { addExperiment, addRecord, addRuns } from '../support/gate-rows.ts'
import { goodRun, writeVerdict } from '../support/gate-trial.ts'
import { gateWorld, type GateWorld } from '../jobs/gate/world.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let world: GateWorld
beforeAll(async () => {
  world = await gateWorld()
  await world.trial('good', 'good')
  await world.trial('late', 'slow')
  await world.trial('open', 'unjudged')
  await world.tick()
  await world.finishOrder('smoke:promoted-1', { passed: true, cases: [] })
  await world.tick()
})
afterAll(async () => {
  await world.close()
})

const cupel = (...args: string[]) => runCupel(args, { DATABASE_URL: world.database.url('cupel_operator') })
const verdictOf = async (experiment: string): Promise<string> =>
  (await world.deps.verdicts.newest(experiment))?.id ?? ''

describe('cupel gate show', () => {
  it('tells what is missing, each bound, and the place in the error budget', async () => {
    const { code, out, err } = await cupel('gate', 'show', 'open')
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/^open {2}open {2}active\nlast word: wait, /)
    expect(out).toContain('as it stands: wait\nerror budget: position 3 with 1 promoted, level 0.00675\n')
    expect(out).toMatch(/^errors +300 +1\.000 +0\.9\d\d to 1\.000 +0\.980 /m)
    expect(out).toContain('\n  0 of 60 labelled pull requests\n')
    expect(out).toContain('\n  accuracy: no audited pull requests yet\n')
  })

  it('names the model that cannot meet the latency, with what was measured and the setting', async () => {
    const { out } = await cupel('gate', 'show', 'late')
    expect(out).toContain(
      'openai/model-of-late cannot meet the latency: 95 % of its runs take up to 9000 ms;',
    )
    expect(out).toContain('latency_ms is 3000, of which production takes 0 beside')
    expect(out).toMatch(/^ {2}latency: latency is 0\.000 over 300/m)
  })

  it('answers 1 for an experiment that there is not', async () => {
    expect(await cupel('gate', 'show', 'zzz')).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^no experiment begins with zzz: see cupel experiment list\n$/) as string,
    })
  })
})

describe('cupel gate explain', () => {
  it.each(['good', 'late', 'open'])('computes the verdict on %s again, twice, and agrees', async id => {
    const { code, out, err } = await cupel('gate', 'explain', (await verdictOf(id)).slice(0, 18))
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('recomputed here from the same rows: it agrees to 1e-9\n')
    expect(out).toMatch(/^breaches +0 +yes$/m)
  })

  it('agrees with a verdict of before the first run also when there are some', async () => {
    await addExperiment(world.owner, 'early')
    await world.tick()
    const verdict = await verdictOf('early')
    const { rows } = await world.owner.query<{ id: string }>('select id from experiments_v1.samples limit 5')
    await addRuns(
      world.owner,
      'early',
      rows.map(({ id }) => goodRun(id)),
    )
    const { code, out } = await cupel('gate', 'explain', verdict)
    expect(code).toBe(0)
    expect(out).toContain(' and 0 runs\n')
    expect(out).toMatch(/^latency +0 /m)
  })

  it('answers 1 and the path when what is stored is not what its rows come to', async () => {
    const id = await verdictOf('open')
    const stored = await world.owner.query<{ evidence: unknown }>(
      'select evidence from gate.verdicts where id = $1',
      [id],
    )
    await world.owner.query(
      `update gate.verdicts set evidence = jsonb_set(evidence::jsonb, '{verdict,criteria,errors,n}', '999')::json where id = $1`,
      [id],
    )
    const { code, err } = await cupel('gate', 'explain', id)
    await world.owner.query('update gate.verdicts set evidence = $2 where id = $1', [
      id,
      JSON.stringify(stored.rows[0]?.evidence),
    ])
    expect({ code, err }).toEqual({
      code: 1,
      err: 'what is stored is not what its rows come to: stored.verdict.criteria.errors.n\n',
    })
  })
})

describe('cupel gate pause and resume', () => {
  it('switch once each, with who and why', async () => {
    expect((await cupel('gate', 'pause', 'holiday', '--as', 'ann')).out).toBe('the gate is paused\n')
    expect((await cupel('gate', 'pause', 'again', '--as', 'ann')).out).toBe('the gate was paused already\n')
    expect((await cupel('gate', 'show', 'open')).out).toContain('the gate is paused by ann: holiday')
    expect((await cupel('gate', 'resume', 'back', '--as', 'ann')).out).toBe('the gate is at work\n')
    expect((await world.audited()).filter(line => /^gate\.(?:pause|resume)/.test(line))).toEqual([
      'gate.pause gate',
      'gate.resume gate',
    ])
  })
})

describe('cupel gate set', () => {
  it.each([
    [['accuracy', '0.9', 'a try'], { code: 0, out: 'accuracy is 0.9 from the next verdict on\n', err: '' }],
    [['accuracy', '0.9', 'again'], { code: 0, out: 'accuracy was 0.9 already\n', err: '' }],
    [['accuracy', '0.95', 'back'], { code: 0, out: 'accuracy is 0.95 from the next verdict on\n', err: '' }],
    [['accuracy', '2', 'more'], { code: 1, out: '', err: 'accuracy cannot be 2\n' }],
    [['acuracy', '0.9', 'typo'], { code: 1, out: '', err: 'no threshold acuracy\n' }],
  ])('%j', async (words, said) => {
    expect(await cupel('gate', 'set', ...words)).toEqual(said)
  })
})

describe('what the gate is asked', () => {
  /** Asks, has the gate take its turn while the command waits, and hands back what it printed. */
  async function answered(...args: string[]) {
    const ask = cupel(...args)
    await until('the gate is asked', async () => {
      const { rows } = await world.owner.query(`select 1 from gate.actions where state = 'open'`)
      return rows.length > 0 ? true : null
    })
    await world.tick()
    return ask
  }

  it('is answered in the gate’s next turn', async () => {
    expect((await answered('gate', 'promote', 'open')).out).toMatch(/^wait \(verdict .*0 of 60 labelled/)
    const early = await answered('quarantine', 'blacklist', 'promoted-1', 'it leaks', '--part', 'model')
    expect(early).toMatchObject({
      code: 1,
      err: 'it is in force as release promoted-1: roll that back first\n',
    })
    const back = await answered('release', 'rollback', 'too loud', '--release', 'promoted-1', '--as', 'ann')
    expect(back).toMatchObject({ code: 0, out: 'release promoted-1 was rolled back; genesis is in force\n' })
    expect((await answered('quarantine', 'blacklist', 'late', 'it leaks')).out).toBe(
      'this configuration is blacklisted\n',
    )
    const record = (await world.deps.quarantine.records()).find(each => each.experimentId === 'late')
    const again = await answered('quarantine', 'reevaluate', record?.id.slice(0, 20) ?? '', 'mended')
    expect(again.code).toBe(1)
  })

  it.each([
    ['gate', 'pause', ''],
    ['gate', 'promote', 'open', '--reason', ' '],
    ['release', 'rollback', ''],
    ['quarantine', 'blacklist', 'open', 'x'.repeat(2_001)],
  ])('needs a reason: %j', async (...words) => {
    expect(await cupel(...words)).toEqual({
      code: 1,
      out: '',
      err: 'give a reason, in at most 2000 characters: it stands in the audit log\n',
    })
  })

  it('is told where the answer will be when the gate does not answer in time', async () => {
    const { code, out } = await cupel('gate', 'promote', 'open', '--wait', '0')
    expect({ code, out: out.replace(/as \S+:/, 'as an id:') }).toEqual({
      code: 0,
      out: 'asked for as an id: the gate answers in its next turn\n',
    })
    await world.tick()
  })
})

describe('cupel release and cupel quarantine', () => {
  it('list and show what is stored', async () => {
    const list = (await cupel('release', 'list')).out
    expect(list).toMatch(/^genesis +in force +100 %/m)
    expect(list).toMatch(/^promoted-1 +failed +0 % .*by ann: too loud$/m)
    const shown = (await cupel('release', 'show', 'promoted')).out
    expect(shown).toMatch(/^promoted-1 {2}failed\nconfiguration [\da-f]{64}\nverdict /)
    expect(shown).toMatch(/smoke {2}\{"passed":true/)
    expect((await cupel('quarantine', 'list')).out).toMatch(/^\w{8} +late +failed .* never$/m)
    const record = (await world.deps.quarantine.records()).find(each => each.releaseId === 'promoted-1')
    const { out } = await cupel('quarantine', 'show', record?.id ?? '')
    expect(out).toMatch(/of release promoted-1, configuration [\da-f]{64}\nmay be tried again: from /)
    expect(out).toContain('"class": "by-hand"')
    for (const what of ['release', 'quarantine'])
      expect(JSON.parse((await cupel(what, 'list', '--json')).out)).not.toEqual([])
  })
})

it('the start names the experiments on trial whose models are too slow, and no others', async () => {
  await world.trial('slowly', 'slow')
  const said: string[] = []
  await nameSlowModels(world.database.pool('cupel_operator', 1), line => said.push(line))
  expect(said).toEqual([
    'experiment slowly (slowly): openai/model-of-slowly cannot meet the latency: 95 % of its runs take up to 9000 ms; latency_ms is 3000, of which production takes 0 beside the examination',
  ])
})

describe('an id', () => {
  const asked = async (): Promise<{ kind: string; subject: string | null }[]> =>
    (
      await world.owner.query<{ kind: string; subject: string | null }>(
        `select kind, subject from gate.actions where subject like 'twin%' or subject like 'lone%' order by requested_at`,
      )
    ).rows

  beforeAll(async () => {
    for (const id of ['twin-e1', 'twin-e2', 'lone-e']) await addExperiment(world.owner, id)
    for (const id of ['twin-r1', 'twin-r2', 'lone-r']) await addRecord(world.owner, id)
    for (const id of ['twin-l1', 'twin-l2', 'lone-l'])
      await world.owner.query(
        `with made as (
           insert into production.releases (id, kind, configuration_id, configuration, verdict_id)
           select $1, 'promoted', configuration_id, configuration, $1 from production.releases where id = 'genesis'
           returning id
         ) insert into production.release_steps (release_id, step, share, reason, actor)
           select id, 'failed', 0, 'it had its day', 'test' from made`,
        [id],
      )
    for (const id of ['twin-v1', 'twin-v2']) {
      const written = await writeVerdict(world.owner, 'twin-e1', { answer: 'wait' })
      await world.owner.query('update gate.verdicts set id = $2 where id = $1', [written, id])
    }
  })

  const ask = ['why', '--wait', '0']
  it.each<[string, string[]]>([
    ['experiment', ['experiment', 'show', 'ID']],
    ['experiment', ['gate', 'show', 'ID']],
    ['experiment', ['gate', 'promote', 'ID', '--wait', '0']],
    ['verdict', ['gate', 'explain', 'ID']],
    ['verdict', ['verdict', 'export', 'ID']],
    ['record', ['quarantine', 'show', 'ID']],
    ['record', ['quarantine', 'reevaluate', 'ID', ...ask]],
    ['experiment, record or release', ['quarantine', 'blacklist', 'ID', ...ask]],
    ['experiment, record or release', ['quarantine', 'blacklist', 'ID', ...ask, '--part', 'model']],
    ['release', ['release', 'show', 'ID']],
    ['release', ['release', 'rollback', ...ask, '--release', 'ID']],
  ])('of an %s that fits none or several is refused, with those that it may be: %j', async (what, words) => {
    const say = (id: string) => cupel(...words.map(word => (word === 'ID' ? id : word)))
    const none = await say('nothing')
    expect({ ...none, err: none.err.split(': see ')[0] }).toEqual({
      code: 1,
      out: '',
      err: `no ${what} begins with nothing`,
    })
    const several = await say('twin')
    expect(several).toMatchObject({ code: 1, out: '' })
    expect(several.err).toMatch(/^twin may be twin-\w\d, twin-\w\d.*: write more of it\n$/)
    expect(await asked()).toEqual([])
  })

  it.each<[string, string[]]>([
    ['lone-e', ['gate', 'promote', 'lone', '--wait', '0']],
    ['lone-r', ['quarantine', 'reevaluate', 'lone', ...ask]],
    ['lone-l/model', ['quarantine', 'blacklist', 'lone-l', ...ask, '--part', 'model']],
    ['lone-r', ['quarantine', 'blacklist', 'lone-r', ...ask]],
    ['lone-l', ['release', 'rollback', ...ask, '--release', 'lone']],
  ])('that fits %s alone means it: %j', async (id, words) => {
    expect(await cupel(...words)).toMatchObject({ code: 0, err: '' })
    expect((await asked()).at(-1)?.subject).toBe(id)
  })

  it('of a record asks for another trial, which shows why and by what new evidence', async () => {
    await cupel('quarantine', 'reevaluate', 'lone', ...ask, '--evidence', 'the provider fixed it')
    const { rows } = await world.owner.query<{ id: string }>(
      "select id from gate.actions where evidence = 'the provider fixed it'",
    )
    const id = rows[0]?.id ?? ''
    await addExperiment(world.owner, id)
    const { out } = await cupel('experiment', 'show', id)
    expect(out).toMatch(/^ {2}asked for {4}by \S+: /m)
    expect(out).toContain('  new evidence the provider fixed it\n')
    expect((await cupel('experiment', 'show', 'lone-e')).out).not.toContain('new evidence')
  })

  it.each([
    ['lone-e', ['experiment', 'show', 'lone']],
    ['lone-e', ['gate', 'show', 'lone']],
    ['lone-r', ['quarantine', 'show', 'lone']],
    ['lone-l', ['release', 'show', 'lone']],
  ])('that fits %s alone shows it: %j', async (id, words) => {
    const { code, out } = await cupel(...words)
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^${id} `))
  })
})
