import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hashWithout } from '../../src/core/gate/bundle.ts'
import { verifyText } from '../../src/core/gate/bundle-file.ts'
import { labelledTrial } from '../jobs/gate/labelled.ts'
import { gateWorld, type GateWorld } from '../jobs/gate/world.ts'
import { runCupel } from '../support/cupel.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type Names = readonly (string | number)[]

let world: GateWorld
let folder: string
const file = (): string => join(folder, 'verdict.json')
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cupel-verdict-'))
  world = await gateWorld()
  await labelledTrial(world, 'labelled', 6)
  await world.trial('good', 'good')
  await world.trial('late', 'slow')
  await world.trial('open', 'unjudged')
  world.now = new Date()
  await world.tick()
  plain = await exported('labelled')
  worded = await exported('labelled', '--with-findings')
})
afterAll(async () => {
  await world.close()
  await rm(folder, { recursive: true })
})
let plain: string
let worded: string

const cupel = (...args: string[]) => runCupel(args, { DATABASE_URL: world.database.url('cupel_operator') })
const verdictOf = async (experiment: string): Promise<string> =>
  (await world.deps.verdicts.newest(experiment))?.id ?? ''
async function exported(experiment: string, ...options: string[]): Promise<string> {
  const { code, out, err } = await cupel('verdict', 'export', await verdictOf(experiment), ...options)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}
async function verified(text: string) {
  await writeFile(file(), text)
  return runCupel(['verdict', 'verify', file()], {})
}

const at = (value: Json, names: Names): Json =>
  names.reduce<Json>((of, name) => (of as Record<string, Json>)[name] ?? null, value)
function set(value: Json, names: Names, to: Json | undefined): void {
  const holder = at(value, names.slice(0, -1)) as Record<string, Json>
  if (to !== undefined) holder[names.at(-1) ?? ''] = to
  else if (Array.isArray(holder)) holder.splice(Number(names.at(-1)), 1)
  else delete holder[names.at(-1) ?? '']
}
const namesOf = (path: string): string[] => path.split('.')
/** What a forger does who knows how hashes are made. */
function resealed(bundle: Json): Json {
  const { outcomes, runs, ...rest } = bundle as Record<string, Json>
  const seal = (row: Json): Json => {
    const { sha256: _, ...own } = row as Record<string, Json>
    return { ...own, sha256: hashWithout(own, []) }
  }
  const sealed = { ...rest, outcomes: (outcomes as Json[]).map(seal), runs: (runs as Json[]).map(seal) }
  return { ...sealed, sha256: hashWithout(sealed, ['sha256', 'stored']) }
}
const said = (bundle: Json): string => {
  const answer = verifyText(JSON.stringify(bundle))
  return 'differs' in answer ? answer.differs : 'wrong' in answer ? `wrong: ${answer.wrong}` : 'agrees'
}

describe('cupel verdict export', () => {
  it('holds what the counts follow from, people as numbers, and neither code nor words', () => {
    const bundle = JSON.parse(plain) as { outcomes: Json[] }
    expect(bundle.outcomes).toHaveLength(6)
    expect(at(bundle.outcomes, [1, 'labels'])).toMatchObject([
      { id: 0, value: 'real-issue', tier: 'B', person: expect.any(Number) as number, issue: 0 },
      { id: 1, value: 'real-issue', kind: 'audited', issue: 1 },
      { id: 2, issue: 0 },
      { id: 3, value: 'clean', kind: 'audited', issue: null },
      { id: 4, kind: 'volunteered', weight: 0.6 },
      { id: 5, kind: 'volunteered', weight: 0.9, issue: 4 },
    ])
    for (const word of ['added 11', 'The last row is left out', 'secret-model', '7001', '7002'])
      expect(plain).not.toContain(word)
    expect(worded).toContain('The last row is left out')
    expect(worded).not.toContain('secret-model')
  })

  it.each(['plain', 'worded'] as const)(
    '%s is computed again from its labels up, without a database',
    async which => {
      expect(await verified({ plain, worded }[which])).toEqual({
        code: 0,
        out: 'agrees: wait for experiment labelled, from 6 pull requests and 6 runs\n',
        err: '',
      })
    },
  )

  it.each([
    ['good', 'promote', 150, 3],
    ['late', 'quarantine', 150, 3],
    ['open', 'wait', 0, 0],
  ])(
    'of %s, whose content was purged, is neither right nor wrong where there are counts',
    async (id, answer, pulls, code) => {
      const words = `${answer} for experiment ${id}, from ${pulls} pull requests and 300 runs\n`
      const out =
        code === 0
          ? `agrees: ${words}`
          : `agrees but for what cannot be computed again: ${words}counts of 150 of 150 pull requests are as stored: content was purged before its day was noted\n`
      expect(await verified(await exported(id))).toEqual({ code, out, err: '' })
    },
  )

  it('says since when its content is gone, and still holds its counts', async () => {
    const before = await exported('good')
    const changed = JSON.parse(before) as Json
    set(changed, namesOf('outcomes.7.counts.audited.fp'), 1)
    expect(said(changed)).toBe('outcomes.7.sha256')
    expect(said(resealed(changed))).toBe('stored.evidence.accuracy.above.0')
    const client = await world.owner.connect()
    await client.query('begin')
    await client.query('select doors.forget_samples(null, null)')
    const { rows } = await client.query<{ line: string }>(
      `select concat_ws(' ', sequence, hunks, findings::jsonb, forgotten_at = now()) as line from gate.published_scorings
       where experiment_id = 'labelled' limit 1`,
    )
    await client.query('rollback')
    client.release()
    expect(rows[0]?.line).toMatch(/^\d+ \[\] \{"own": \[\], "production": \[\]\} t$/)
    const day = Date.parse('2026-05-06T07:08:09Z')
    const some = JSON.parse(before) as Json
    for (let row = 0; row < 150; row++) set(some, ['outcomes', row, 'forgottenAt'], day)
    const { out } = await verified(JSON.stringify(resealed(some)))
    expect(out).toContain(
      'counts of 150 of 150 pull requests are as stored: content was purged on 2026-05-06\n',
    )
  })
})

describe('cupel verdict verify', () => {
  // A forger who makes all hashes anew, so that nothing but the computation speaks.
  it.each<[string, string, Json | undefined]>([
    ['outcomes.1.counts.audited.fp', 'outcomes.1.labels.2.value', 'not-an-issue'],
    ['outcomes.1.labels.3.issue', 'outcomes.1.labels.3.value', 'not-an-issue'],
    ['outcomes.1.counts.audited.labelled', 'outcomes.1.labels.2.kind', 'volunteered'],
    ['outcomes.1.counts.audited.labelled', 'outcomes.1.labels.2.tier', 'B'],
    ['outcomes.1.counts.authors.6', 'outcomes.1.labels.2.person', 77],
    ['outcomes.1.counts.satisfaction.weight', 'outcomes.1.labels.5.weight', 0.8],
    ['outcomes.1.labels.3.id', 'outcomes.1.labels.3', undefined],
    ['outcomes.1.counts.audited.fn', 'outcomes.1.basis.own.0', undefined],
    ['outcomes.1.counts.audited.labelled', 'outcomes.1.basis.own.0.issue', null],
    ['outcomes.1.basis.own.0.issue', 'outcomes.1.basis.own.0.issue', 3],
    ['outcomes.1.labels.5.issue', 'outcomes.1.labels.5.issue', 2],
    ['outcomes.1.counts.audited.due', 'outcomes.1.basis.drawn.3', undefined],
    ['outcomes.1.counts.audited.due', 'outcomes.1.basis.hunks.3', undefined],
    ['outcomes.1.counts.audited.tp', 'outcomes.1.counts.audited.tp', 0],
    ['outcomes.2.baseline.tp', 'outcomes.2.baseline.tp', 7],
    ['stored.evidence.accuracy.above.0', 'outcomes.5', undefined],
    ['stored.verdict.criteria.errors.bounds.low', 'runs.5', undefined],
    ['stored.evidence.accuracy.above.0', 'thresholds.accuracy', 0.951],
    ['stored.verdict.budget.position', 'budget.position', 9],
    ['stored.verdict.answer', 'stored.verdict.answer', 'promote'],
    ['experiment.configurationId', 'experiment.configuration.id', 'another'],
    ['outcomes.1.sequence', 'outcomes.1.sequence', '0'],
    ['runs.1.finishedAt', 'runs.1.finishedAt', 5],
  ])('names %s when %s is changed, hashes and all', (path, changed, to) => {
    const bundle = JSON.parse(plain) as Json
    set(bundle, namesOf(changed), to)
    expect(said(resealed(bundle))).toBe(path)
  })

  it('names the pair that the words do not come to', () => {
    const bundle = JSON.parse(worded) as Json
    set(bundle, namesOf('outcomes.1.basis.own.2.body'), 'Something else entirely.')
    set(bundle, namesOf('outcomes.1.basis.own.2.title'), 'Nothing alike')
    expect(said(resealed(bundle))).toBe('outcomes.1.basis.own.2.issue')
    const other = JSON.parse(worded) as Json
    set(other, namesOf('outcomes.1.labels.2.text'), 'Nothing alike')
    expect(said(resealed(other))).toMatch(/^outcomes\.1\.(?:labels|basis\.own)\.\d\.issue$/)
  })

  it.each(['outcomes', 'runs'])('names a row of %s that was moved, or is there twice', rows => {
    const moved = JSON.parse(plain) as Record<string, Json[]>
    moved[rows]?.reverse()
    expect(said(resealed(moved))).toMatch(new RegExp(`^${rows}\\.\\d\\.(?:sequence|finishedAt)$`))
    const twice = JSON.parse(plain) as Record<string, Json[]>
    twice[rows]?.splice(2, 0, twice[rows][1] ?? null)
    expect(said(resealed(twice))).toMatch(new RegExp(`^${rows}\\.2\\.(?:sequence|finishedAt)$`))
  })

  it.each([
    ['stored.evidence.accuracy.above.0', 1e-8, 'stored.evidence.accuracy.above.0'],
    ['stored.evidence.accuracy.above.0', 1e-11, 'agrees'],
    ['stored.verdict.criteria.latency.logFor', -1e-8, 'stored.verdict.criteria.latency.logFor'],
    ['stored.verdict.criteria.latency.logFor', 1e-11, 'agrees'],
    ['stored.evidence.auditedFrom', 1, 'stored.evidence.auditedFrom'],
    ['thresholds.accuracy', 1e-11, 'sha256'],
  ])('%s off by %d: %s', (path, by, answer) => {
    const bundle = JSON.parse(plain) as Json
    set(bundle, namesOf(path), Number(at(bundle, namesOf(path))) + by)
    expect(said(bundle)).toBe(answer)
  })

  it.each([
    ['"tp": 1', '"tp": "1"', /^outcomes\.1\.baseline\.tp$/],
    ['"tp": 1', '"tp": null', /^outcomes\.1\.baseline\.tp$/],
    ['"tp": 1', '"tp": 1e999', /^outcomes\.1\.baseline\.tp$/],
    ['"tp": 1', '"tp": -1', /^outcomes\.1\.baseline\.tp$/],
    ['"latencyMs": 800', '"latencyMs": 1e999', /^runs\.0\.latencyMs$/],
    ['"sequence": "', '"sequence": "x', /^outcomes\.0\.sequence$/],
    ['"sampler": null', '"sampler": null, "labels": []', /^labels$/],
    ['"verdict": {', '"verdict": { "extra": 1,', /^stored\.verdict\.extra$/],
    ['"configuration": {', '"configuration": { "most": 1e999,', /^experiment\.configuration$/],
  ])('%s as %s is refused by its path', async (from, to, path) => {
    expect(plain).toContain(from)
    const { code, out, err } = await verified(plain.replace(from, to))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err.replace(/^does not agree: (.*)\n$/, '$1')).toMatch(path)
  })

  it.each([
    ['truncated', (text: string) => text.slice(0, -200), 'it is not JSON'],
    ['with NaN', (text: string) => text.replace('"tp": 1', '"tp": NaN'), 'it is not JSON'],
    [
      'of a later format',
      (text: string) => text.replace('cupel-verdict/2', 'cupel-verdict/3'),
      'its format is "cupel-verdict/3", and this Cupel reads cupel-verdict/2; verify it with the Cupel that exported it',
    ],
    ['of no format', () => '[]', 'it says no format, such as cupel-verdict/2'],
    ['without a part', (text: string) => text.replace('"runs"', '"ran"'), 'runs: '],
  ])('answers 2 to a file %s', async (_name, change, why) => {
    const { code, out, err } = await verified(change(plain))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(`is no exported verdict: ${why}`)
  })

  it('answers 2 to what is too large to be read, and to what is not there', async () => {
    await writeFile(file(), '')
    await truncate(file(), 200_000_000)
    expect((await runCupel(['verdict', 'verify', file()], {})).err).toContain(
      'it has 200 MB, and at most 100 are read',
    )
    const none = await runCupel(['verdict', 'verify', join(folder, 'none')], {})
    expect(none).toMatchObject({ code: 2, out: '' })
    expect(none.err).toContain('it cannot be read (ENOENT)')
  })
})

/** Every leaf of a bundle, by its path. */
function* leavesOf(value: Json, names: Names = []): Generator<Names> {
  if (typeof value !== 'object' || value === null) yield names
  else
    for (const name of Object.keys(value))
      yield* leavesOf((value as Record<string, Json>)[name] ?? null, [...names, name])
}
const other = (value: Json): Json => {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  return typeof value === 'string' ? `${value}0` : 0
}
/** Where the answer may point to when this leaf was changed: to it, above it, or to what follows from it. */
function mayName(leaf: Names, path: string): boolean {
  const [part, row] = leaf
  if (part === 'stored') return path === leaf.join('.')
  if (part === 'outcomes') return path.startsWith(`outcomes.${row}.`)
  if (part === 'runs') return path.startsWith(`runs.${row}.`) || path.startsWith(`runs.${Number(row) + 1}.`)
  return path === 'sha256' || path.startsWith(String(part)) || path.startsWith('stored.')
}

describe('any one leaf that is changed', () => {
  it.each(['plain', 'worded'] as const)('of %s is refused, by its path or by what follows from it', which => {
    const text = { plain, worded }[which]
    const leaves = [...leavesOf(JSON.parse(text) as Json)].filter(names => names[0] !== 'format')
    fc.assert(
      fc.property(fc.constantFrom(...leaves), names => {
        const bundle = JSON.parse(text) as Json
        set(bundle, names, other(at(bundle, names)))
        const path = said(bundle)
        if (!mayName(names, path)) throw new Error(`${names.join('.')} changed: ${path}`)
      }),
      { numRuns: 300 },
    )
  })

  // docs/gate-operations.md says which: what nothing is computed from is held by the hashes alone.
  const held =
    /^(?:verdictId|releaseId|sha256|decidedAt|overheadMs|thresholds\.|experiment\.(?:id|name)$|runs\.|outcomes\.\d+\.(?:sequence|sampleId|takenAt|language|changedLines|forgottenAt|sha256|labels|basis))/
  it('is refused by its computation alone where the verdict depends on it', () => {
    const leaves = [...leavesOf(JSON.parse(plain) as Json)].filter(
      names => names[0] !== 'format' && !held.test(names.join('.')),
    )
    expect(new Set(leaves.map(names => names[0]))).toEqual(
      new Set(['experiment', 'budget', 'outcomes', 'sampler', 'stored']),
    )
    fc.assert(
      fc.property(fc.constantFrom(...leaves), names => {
        const bundle = JSON.parse(plain) as Json
        set(bundle, names, other(at(bundle, names)))
        const path = said(resealed(bundle))
        if (!mayName(names, path)) throw new Error(`${names.join('.')} changed: ${path}`)
      }),
      { numRuns: 300 },
    )
  })
})

describe('cupel gate explain', () => {
  it('shows how many labels of which kind, and what share each person decided', async () => {
    const { code, out, err } = await cupel('gate', 'explain', await verdictOf('labelled'))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(
      '\nlabels: 36: 6 audited clean, 2 audited not-an-issue, 10 audited real-issue, 11 volunteered not-an-issue, 1 volunteered real-issue, 6 volunteered real-issue of tier B, not counted\n',
    )
    expect(out).toMatch(
      /^decided by: 8 people, of \d+ hunks at most \d+\.\d % by one: person 1 \d+\.\d %, person 2 /m,
    )
    expect(out).not.toContain('SAMPLE')
  })

  it('with --labels shows each, as they stood when they became final', async () => {
    const { out } = await cupel('gate', 'explain', await verdictOf('labelled'), '--labels')
    expect(out).toMatch(/^1\/1001 +src\/a\.ts:31 +not-an-issue +volunteered +A +0\.9 +person \d$/m)
    expect(out.match(/^1\/10\d\d /gm)).toHaveLength(36)
    const json = JSON.parse(
      (await cupel('gate', 'explain', await verdictOf('labelled'), '--labels', '--json')).out,
    ) as { labels: Json[]; differs: Json; asStored: Json }
    expect(json).toMatchObject({ differs: null, asStored: null })
    expect(json.labels).toHaveLength(36)
  })

  it('names the counts that are not what the labels come to', async () => {
    await world.owner.query(`update gate.labels set recorded_at = now() where origin = 'late'`)
    const { code, err } = await cupel('gate', 'explain', await verdictOf('labelled'))
    await world.owner.query(
      `update gate.labels set recorded_at = now() + interval '20 days' where origin = 'late'`,
    )
    expect(code).toBe(1)
    expect(err).toMatch(/^what is stored is not what its rows come to: outcomes\.\d\.counts\./)
  })
})
