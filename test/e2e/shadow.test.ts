import { spawnSync } from 'node:child_process'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisMissing } from '../support/redis.ts'
import { holdStatement } from './held-statement.ts'
import { environmentOf } from './process.ts'
import { createRepository, reviewed, see, type At, type TestRepository } from './repository.ts'
import { answer, models, pullNames, pulls, pushes, type PullName } from './shadow-pulls.ts'
import { splitOf, startShadowWorld, type ShadowWorld, type Worker } from './shadow-world.ts'
import { until } from './until.ts'
import { expectHonestWork, type Backend } from './world.ts'

const missing = redisMissing()
const backends: Backend[] = missing === undefined ? ['postgres', 'redis'] : ['postgres']
if (missing) it.skip(missing, () => {})

/*
 * What people say, hunk by hunk, and what it makes of the three reviewers. V2 is production's own review. Hunks are
 * tp, fp, fn, tn; ? is unknown (a finding nobody judged) and . is unlabelled: neither counts.
 *
 *            hunk            said by people                                     so it is      V2  keen shy
 *   orders   pay             author 👍, triage ❤️                                real          tp  tp   fn
 *            log             triage 👎; an outsider's 👍 and a bot's             no issue      fp  tn   fp
 *            sum             a reviewer's comment, then the author's fix         real          fn  tp   fn
 *            date            an outsider's 👍 alone                              unjudged      ?   ?    .
 *   stock    ledger, line 3  triage "useful"                                    real          tp  tp   tp
 *            ledger, line 36 author "wrong"                                     no issue      fp  fp   tn
 *            cache           thread resolved, line changed: tier B              unjudged      ?   ?    .
 *            lock            thread resolved, line as it was                    unjudged      ?   .    .
 *            retry           author 👍, triage 👎                                disputed      ?   ?    .
 *   mail     mail            the suggestion is pushed                           real          tp  tp   fn
 *            greet           author 👎, and later 👍 instead                     real          tp  fn   fn
 *   lesson   tax             author 👍: of the training split, in no figure      real
 *
 * Of the shy one's run on mail nothing can be read: it fails, and finds nothing.
 */
const hunks = {
  keen: {
    orders: 'tp 2 fp 0 fn 0 tn 1 ? 1',
    stock: 'tp 1 fp 1 fn 0 tn 0 ? 2',
    mail: 'tp 1 fp 0 fn 1 tn 0 ? 0',
  },
  shy: {
    orders: 'tp 0 fp 1 fn 2 tn 0 ? 0',
    stock: 'tp 1 fp 0 fn 0 tn 1 ? 0',
    mail: 'tp 0 fp 0 fn 2 tn 0 ? 0',
  },
  V2: {
    orders: 'tp 1 fp 1 fn 1 tn 0 ? 1',
    stock: 'tp 1 fp 1 fn 0 tn 0 ? 3',
    mail: 'tp 2 fp 0 fn 0 tn 0 ? 0',
  },
} as const

/*
 * accuracy      mean of (tp + tn) / labelled over pull requests: keen (3/3 + 1/2 + 1/2) / 3, shy (0/3 + 2/2 + 0/2) / 3,
 *               V2 (1/3 + 1/2 + 2/2) / 3; their bounds, Student's t with 2 degrees of freedom, lie outside of 0 to 1
 * mute          of orders 1 hunk of 3 holds nothing real, of stock 1 of 2, of mail 0 of 2: (1/3 + 1/2 + 0) / 3
 * precision     findings that are right of those judged: keen pay sum mean mail of these and first; shy mean of mean
 *               and log; V2 pay mean mail greet of these, log and first
 * recall        real issues found of five (pay sum mean mail greet)
 * coverage      findings judged: of keen's 3 + 4 + 1 not date, cache and retry; both of the shy one's
 * satisfaction  5 (pleased + 10 s0) / (all + 10): pay weighs 0.9 + 0.9, log, sum and greet 0.9, the others 1;
 *               V2 was pleased with 1.8 + 1 + 1 + 0.9 of these and 0.9 + 1
 */
const s0 = 4.7 / 6.6
const figures = {
  keen: {
    pull_requests: 3,
    labelled_hunks: 7,
    accuracy: 2 / 3,
    accuracy_low: 0,
    accuracy_high: 1,
    mute_accuracy: 5 / 18,
    finding_precision: 4 / 5,
    finding_recall: 4 / 5,
    label_coverage: 5 / 8,
    error_rate: 0,
    false_positives: 1,
    false_negatives: 1,
    user_satisfaction: (5 * (4.7 + 10 * s0)) / (5.7 + 10),
  },
  shy: {
    pull_requests: 3,
    labelled_hunks: 7,
    accuracy: 1 / 3,
    accuracy_low: 0,
    accuracy_high: 1,
    mute_accuracy: 5 / 18,
    finding_precision: 1 / 2,
    finding_recall: 1 / 5,
    label_coverage: 1,
    error_rate: 1 / 3,
    false_positives: 1,
    false_negatives: 4,
    user_satisfaction: (5 * (1 + 10 * s0)) / (1.9 + 10),
  },
} as const
/** Accuracy of V2, and of the trial less that of V2, as sums over the three pull requests. */
const paired = {
  keen: { baseline: 11 / 6, difference: 3 / 3 - 1 / 3 + (1 / 2 - 1 / 2) + (1 / 2 - 1) },
  shy: { baseline: 11 / 6, difference: 0 - 1 / 3 + (1 - 1 / 2) + (0 - 1) },
}
const trials = ['keen', 'shy'] as const
type Trial = (typeof trials)[number]

describe.each(backends)('on %s, the cycle from a pull request to scores', backend => {
  /** On Redis the same happens and nobody is killed. */
  const kills = backend === 'postgres'
  let world: ShadowWorld
  const ids = {} as Record<Trial, string>
  const opened = {} as Record<PullName, { repository: TestRepository; at: At; sample: string }>
  /** What the model of the keen one waits for before it answers on orders. */
  let asked = Promise.withResolvers<void>()
  let released: Promise<unknown> = Promise.resolve()

  beforeAll(async () => {
    world = await startShadowWorld(backend, async prompt => {
      if (prompt.model === models.keen && prompt.user.includes('transfer(cents)')) {
        asked.resolve()
        await released
      }
      return answer(prompt)
    })
    for (const trial of trials) ids[trial] = await world.propose(trial, models[trial])
  })
  afterAll(() => world?.close())

  const rows = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
    (await world.owner.query(text, values)).rows as T[]
  const count = async (text: string, values: unknown[] = []): Promise<number> =>
    Number((await rows<{ count: string }>(text, values))[0]?.count)
  const samples = (names: readonly PullName[] = pullNames) => names.map(name => opened[name].sample)
  const context = { context: () => world.log() }

  /** Kills a process while its statement is under way and starts it again; on Redis it may finish. */
  const cutOff = async (
    who: Worker,
    [table, operation, condition]: [string, 'insert' | 'update' | 'insert or update', string?],
    act: () => Promise<unknown>,
  ): Promise<void> => {
    if (!kills) return void (await act())
    const held = await holdStatement(world, table, operation, condition)
    await act()
    await held.reached()
    await world.kill(who)
    await held.abandon()
    await world.restart(who)
  }

  /** Looks at the reactions now, as it would have after a while. */
  const look = async (): Promise<void> => {
    const before = await rows<{ id: string; polls: number }>(
      `update production.followed set next_at = now() returning repository_id as id, polls`,
    )
    await until(
      'reactions were looked at',
      async () => {
        const now = await rows<{ id: string; polls: number }>(
          'select repository_id as id, polls from production.followed',
        )
        return before.every(each => now.some(({ id, polls }) => id === each.id && polls > each.polls))
      },
      context,
    )
  }
  const thread = (name: PullName, path: string, line = 1): number => {
    const found = see(world, opened[name].at).findings.find(each => each.path === path && each.line === line)
    if (!found) throw new Error(`no finding on ${path}:${line}\n${world.log()}`)
    return found.id
  }
  const react = (name: PullName, path: string, by: string, content: string) =>
    world.github.control.react({ commentId: thread(name, path), by, content })
  const reply = (name: PullName, path: string, line: number, by: string, body: string) =>
    world.github.control.reply({ commentId: thread(name, path, line), by, body })
  const settled = () => Promise.all(pullNames.map(name => opened[name].repository.settled()))
  const labels = async (name: PullName): Promise<string[]> =>
    (
      await rows<{ line: string }>(
        `select concat_ws(' ', l.path || ':' || l.line, l.label, l.tier, l.reason, l.weight) as line from gate.published_labels l
         where l.sample_id = $1 and l.current order by 1`,
        [opened[name].sample],
      )
    ).map(row => row.line)
  type Outcome = Record<'tp' | 'fp' | 'fn' | 'tn' | 'unknown', number>
  const shown = ({ tp, fp, fn, tn, unknown }: Outcome) => `tp ${tp} fp ${fp} fn ${fn} tn ${tn} ? ${unknown}`
  const outcomesOf = async (name: PullName): Promise<Record<string, string>> => {
    const found = await rows<{ experiment_id: string; counts: Outcome; baseline_counts: Outcome }>(
      'select experiment_id, counts, baseline_counts from gate.outcomes where sample_id = $1',
      [opened[name].sample],
    )
    return Object.fromEntries(
      found.flatMap(row => [
        [row.experiment_id === ids.keen ? 'keen' : 'shy', shown(row.counts)],
        ['V2', shown(row.baseline_counts)],
      ]),
    )
  }
  const scored = async (name: PullName, expected: Record<string, string>): Promise<void> => {
    await until(
      `${name} is scored`,
      async () =>
        JSON.stringify(Object.entries(await outcomesOf(name)).sort()) ===
        JSON.stringify(Object.entries(expected).sort()),
      { withinMs: 20_000, ...context },
    ).catch(() => {})
    expect(await outcomesOf(name)).toEqual(expected)
  }

  it('copies each reviewed pull request once and runs every experiment on it once', async () => {
    const branches = {} as Record<PullName, string>
    for (const name of pullNames) {
      const files = { '.github/cupel.yml': 'analysers: false\n', ...pulls[name].base }
      let repository: TestRepository
      do repository = await createRepository(world, files, { rex: 'write' })
      while (splitOf(world, `${repository.id}/1`) !== (name === 'lesson' ? 'training' : 'evaluation'))
      opened[name] = { repository, sample: `${repository.id}/1`, at: undefined as unknown as At }
      branches[name] = await repository.branch(pulls[name].files)
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    if (kills) released = promise
    const finishing = kills
      ? await holdStatement(
          world,
          'experiments_v1.code_analyses',
          'update',
          `new.finished_at is not null and new.experiment_id = '${ids.shy}'`,
        )
      : null
    await cutOff('production', ['experiments_v1.samples', 'insert'], async () => {
      for (const name of pullNames) opened[name].at = await opened[name].repository.open(branches[name])
    })
    if (finishing) {
      await Promise.all([asked.promise, finishing.reached()])
      await world.kill('experiments')
      await finishing.abandon()
      resolve()
      await world.restart('experiments')
    }
    for (const name of pullNames) await reviewed(world, opened[name].at)
    await until(
      'every run has ended',
      async () =>
        (await count('select count(*) from experiments_v1.code_analyses where finished_at is not null')) ===
        8,
      context,
    )
    expect(await rows('select id, split from experiments_v1.samples order by id')).toEqual(
      pullNames
        .map(name => ({ id: opened[name].sample, split: name === 'lesson' ? 'training' : 'evaluation' }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    )
    const runs = await rows<{ experiment_id: string; sample_id: string; state: string; places: string[] }>(
      `select experiment_id, sample_id, state, attempts,
         (select array_agg((f ->> 'path') || ':' || (f ->> 'line')) from json_array_elements(findings) f) as places
       from experiments_v1.code_analyses`,
    )
    const placesOf = (trial: Trial, name: PullName) =>
      runs
        .filter(run => run.experiment_id === ids[trial] && run.sample_id === opened[name].sample)
        .map(run => `${run.state} ${(run.places ?? []).toSorted().join(' ')}`.trim())
    expect(placesOf('keen', 'orders')).toEqual(['done src/date.ts:1 src/pay.ts:1 src/sum.ts:1'])
    expect(placesOf('shy', 'orders')).toEqual(['done src/log.ts:1'])
    expect(placesOf('keen', 'stock')).toEqual([
      'done src/cache.ts:1 src/ledger.ts:3 src/ledger.ts:36 src/retry.ts:1',
    ])
    expect(placesOf('shy', 'mail')).toEqual(['failed'])
    expect(runs).toHaveLength(8)
  })

  it('makes labels of what people who count said, and of nothing else', async () => {
    const { control } = world.github
    await cutOff('production', ['gate.labels', 'insert'], () =>
      reply('stock', 'src/ledger.ts', 3, 'olga', 'Useful, thank you'),
    )
    await reply('stock', 'src/ledger.ts', 36, 'ada', '**wrong**: it is checked above')
    await reply('stock', 'src/cache.ts', 1, 'olga', 'Hm, is it?')
    await control.resolve({ thread: thread('stock', 'src/cache.ts'), by: 'ada' })
    await control.resolve({ thread: thread('stock', 'src/lock.ts'), by: 'ada' })
    await control.reviewComment({
      ...opened.orders.at,
      by: 'rex',
      path: 'src/sum.ts',
      line: 1,
      side: 'RIGHT',
      body: 'Fractions are cut off by the bitwise or here, so the sum is wrong.',
    })
    await settled()
    for (const [name, files] of Object.entries(pushes) as [PullName, Record<string, string>][]) {
      const { repository, at } = opened[name]
      await repository.calm()
      await reviewed(world, at, await repository.commit(at.branch, files))
    }
    await react('orders', 'src/pay.ts', 'ada', '+1')
    await react('orders', 'src/pay.ts', 'olga', 'heart')
    await react('orders', 'src/log.ts', 'olga', '-1')
    for (const path of ['src/log.ts', 'src/date.ts'])
      for (const by of ['mallory', 'dependabot[bot]']) await react('orders', path, by, '+1')
    await react('stock', 'src/retry.ts', 'ada', '+1')
    await react('stock', 'src/retry.ts', 'olga', '-1')
    await react('mail', 'src/greet.ts', 'ada', '-1')
    await react('lesson', 'src/tax.ts', 'ada', '+1')
    await settled()
    await look()
    expect(await labels('orders')).toEqual([
      'src/log.ts:1 not-an-issue A reaction:-1 0.9',
      'src/pay.ts:1 real-issue A reaction:+1 0.9',
      'src/pay.ts:1 real-issue A reaction:heart 0.9',
      'src/sum.ts:1 real-issue A comment-changed 0.9',
    ])
    expect(await labels('stock')).toEqual([
      'src/cache.ts:1 real-issue B resolved-and-changed 0.8',
      'src/ledger.ts:3 real-issue A reply:useful 1',
      'src/ledger.ts:36 not-an-issue A reply:wrong 1',
      'src/retry.ts:1 not-an-issue A reaction:-1 0.9',
      'src/retry.ts:1 real-issue A reaction:+1 0.9',
    ])
    expect(await labels('mail')).toEqual([
      'src/greet.ts:1 not-an-issue A reaction:-1 0.9',
      'src/mail.ts:1 real-issue A suggestion-applied 1',
    ])
    expect(await labels('lesson')).toEqual(['src/tax.ts:1 real-issue A reaction:+1 0.9'])
    const signals = await rows<{ line: string }>(
      `select concat_ws(' ', author_login, standing, kind, count(*)) as line from production.feedback
       group by author_login, standing, kind order by 1`,
    )
    expect(signals.map(row => row.line)).toEqual([
      'ada author line-changed 3',
      'ada author reaction 4',
      'ada author reply 1',
      'ada author suggestion-applied 1',
      'ada author thread-resolved 2',
      'mallory outsider reaction 2',
      'olga collaborator reaction 3',
      'olga collaborator reply 2',
      'rex collaborator human-comment 1',
    ])
  })

  it('follows a label that is overturned before it is final', async () => {
    await scored('mail', {
      keen: 'tp 1 fp 0 fn 0 tn 1 ? 0',
      shy: 'tp 0 fp 0 fn 1 tn 1 ? 0',
      V2: 'tp 1 fp 1 fn 0 tn 0 ? 0',
    })
    await world.github.control.unreact({
      commentId: thread('mail', 'src/greet.ts'),
      by: 'ada',
      content: '-1',
    })
    await react('mail', 'src/greet.ts', 'ada', '+1')
    await look()
    expect(await labels('mail')).toContain('src/greet.ts:1 real-issue A reaction:+1 0.9')
    for (const name of ['orders', 'stock', 'mail'] as const)
      await scored(name, { keen: hunks.keen[name], shy: hunks.shy[name], V2: hunks.V2[name] })
    expect(await count('select count(*) from experiments_v1.experiment_metrics')).toBe(0)
  })

  const metrics = async (trial: Trial) =>
    (
      await rows<Record<string, number>>(
        'select m.*, usd_per_run::float8 from experiments_v1.experiment_metrics m where experiment_id = $1 order by id desc limit 1',
        [ids[trial]],
      )
    )[0]

  it('comes to the figures that were worked out by hand, once the labels are final', async () => {
    const { control } = world.github
    await control.merge({ ...opened.orders.at, by: 'ada' })
    await control.merge({ ...opened.lesson.at, by: 'ada' })
    await control.close({ ...opened.stock.at, by: 'ada' })
    await settled()
    // Of the other two it is the end that makes them final, of this one its age.
    await cutOff('gate', ['experiments_v1.experiment_metrics', 'insert'], () =>
      cutOff('gate', ['gate.outcomes', 'insert or update', 'new.final_at is not null'], async () => {
        await age(samples(['orders', 'stock', 'lesson']), '80 hours')
        await age(samples(['mail']), '15 days')
      }),
    )
    for (const trial of trials) {
      await until('three are counted', async () => (await metrics(trial))?.['pull_requests'] === 3, context)
      const seen = await metrics(trial)
      for (const [name, value] of Object.entries(figures[trial]))
        expect([trial, name, seen?.[name]]).toEqual([trial, name, expect.closeTo(value, 9)])
      const runs = await rows<{ latency_ms: number; usd: number }>(
        `select latency_ms, usd::float8 as usd from experiments_v1.code_analyses
         where experiment_id = $1 and sample_id = any ($2) order by latency_ms`,
        [ids[trial], samples(['orders', 'stock', 'mail'])],
      )
      expect(seen?.['usd_per_run']).toBeCloseTo(runs.reduce((sum, run) => sum + run.usd, 0) / 3, 6)
      expectWithin5(seen?.['latency_p50_ms'], runs[1]?.latency_ms)
      expectWithin5(seen?.['latency_p95_ms'], runs[2]?.latency_ms)
      expect(await tally(trial)).toEqual({
        n: 3,
        baseline: expect.closeTo(paired[trial].baseline, 9),
        difference: expect.closeTo(paired[trial].difference, 9),
      })
    }
    const ready = await rows<Record<string, unknown>>(
      `select r.experiment_id, r.pull_requests, r.accuracy, r.error_rate, r.user_satisfaction, r.false_positives,
         r.false_negatives from experiments_v1.promotion_readiness r`,
    )
    expect(ready.toSorted((a, b) => Number(b['accuracy']) - Number(a['accuracy']))).toEqual(
      trials.map(trial => ({
        experiment_id: ids[trial],
        pull_requests: 3,
        accuracy: expect.closeTo(figures[trial].accuracy, 9),
        error_rate: expect.closeTo(figures[trial].error_rate, 9),
        user_satisfaction: expect.closeTo(figures[trial].user_satisfaction, 9),
        false_positives: figures[trial].false_positives,
        false_negatives: figures[trial].false_negatives,
      })),
    )
  })

  it('records what is said after that, and counts it no more', async () => {
    const known = await everything()
    await react('orders', 'src/pay.ts', 'olga', '-1')
    await react('mail', 'src/greet.ts', 'olga', '-1')
    await look()
    await until(
      'the gate has looked at it',
      async () => (await count('select count(*) from gate.stale_samples')) === 0,
      context,
    )
    expect(await labels('orders')).toContain('src/pay.ts:1 not-an-issue A reaction:-1 0.9')
    expect(await labels('mail')).toContain('src/greet.ts:1 not-an-issue A reaction:-1 0.9')
    expect(await everything()).toEqual(known)
  })

  it('leaves the experiments worker nothing of GitHub’s or production’s to see, and it asks GitHub nothing', async () => {
    const { requests } = world.github
    expect(requests.length).toBeGreaterThan(50)
    expect(world.requestsFrom('experiments')).toEqual([])
    // The same measure finds all of production's: each request came over a connection that process opened.
    expect(world.requestsFrom('production')).toEqual(requests)
    const environment = environmentOf(world.experiments.pid)
    expect(
      Object.keys(environment).filter(name => /APP_ID|PRIVATE_KEY|SECRET|^GHE_|^GITHUB|^GH_/.test(name)),
    ).toEqual([])
    const production = environmentOf(world.worker.pid)
    for (const name of ['PRIVATE_KEY', 'GHE_HOST', 'DATABASE_URL'])
      expect(Object.values(environment)).not.toContain(production[name] ?? 'missing')

    const client = new pg.Client({ connectionString: environment['DATABASE_URL'] })
    await client.connect()
    try {
      const tables = await rows<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('production', 'gate')`,
      )
      expect(tables.length).toBeGreaterThan(15)
      for (const { name } of tables)
        await expect(client.query(`select 1 from ${name}`)).rejects.toMatchObject({ code: '42501' })
      const seen = await client.query<{ sample_id: string }>(
        'select sample_id from experiments_v1.training_labels',
      )
      expect(seen.rows).toEqual([{ sample_id: opened.lesson.sample }])
    } finally {
      await client.end()
    }
    await expectHonestWork(world)
    expect([world.experiments.alive(), world.gate.alive()]).toEqual([true, true])
  })

  it.runIf(kills)('tells in feedback show what was understood', () => {
    const told = feedbackShow(`${opened.orders.at.repo}#1`)
    expect(told).toEqual([])
    expect(feedbackShow(`${opened.stock.at.repo}#1`)).toEqual([])
    expect(feedbackShow(`${opened.mail.at.repo}#1`)).toEqual([])
  })

  function feedbackShow(name: string): string[] {
    const { stdout, stderr } = spawnSync(process.execPath, ['src/cli/main.ts', 'feedback', 'show', name], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: world.database.url('cupel_operator') },
    })
    return `${stdout}${stderr}`.split('\n').map(line => line.replace(/^\d{4}-\S+ {2}/, ''))
  }

  /** Quantiles come from buckets: at most 5 % too high. */
  function expectWithin5(seen: number | undefined, exact: number | undefined): void {
    expect(seen).toBeGreaterThanOrEqual(exact ?? Number.NaN)
    expect(seen).toBeLessThanOrEqual(1.05 * (exact ?? Number.NaN))
  }

  async function tally(trial: Trial) {
    const [row] = await rows<{ n: number; baseline: number; difference: number }>(
      `select (sums #>> '{accuracyDifference,n}')::int as n, (sums #>> '{baselineAccuracy,sum}')::float8 as baseline,
         (sums #>> '{accuracyDifference,sum}')::float8 as difference
       from gate.tallies where experiment_id = $1 and kind = 'live'`,
      [ids[trial]],
    )
    return row
  }

  /** All that the gate has come to. */
  const everything = () =>
    Promise.all([
      rows('select * from gate.outcomes order by experiment_id, sample_id'),
      rows('select * from gate.tallies order by experiment_id'),
      rows('select * from experiments_v1.experiment_metrics order by id'),
    ])

  async function age(sampleIds: string[], by: string): Promise<void> {
    await world.owner.query(
      `with a as (update experiments_v1.samples set taken_at = taken_at - $2::interval where id = any ($1)),
         b as (update gate.sample_ends set ended_at = ended_at - $2::interval where sample_id = any ($1)),
         c as (update gate.labels set recorded_at = recorded_at - $2::interval where sample_id = any ($1))
       update gate.outcomes set due_at = due_at - $2::interval where sample_id = any ($1)`,
      [sampleIds, by],
    )
  }
})
