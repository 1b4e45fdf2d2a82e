import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { redisMissing } from '../support/redis.ts'
import { holdStatement } from './held-statement.ts'
import { environmentOf } from './process.ts'
import { createRepository, reviewed, see, type At, type TestRepository } from './repository.ts'
import { figures, hunks, paired, trials, type Trial } from './shadow-figures.ts'
import { looksInto, type Looks } from './shadow-looks.ts'
import { answer, models, pullNames, pulls, pushes, type PullName } from './shadow-pulls.ts'
import { splitOf, startShadowWorld, type ShadowWorld } from './shadow-world.ts'
import { until } from './until.ts'
import { expectHonestWork, type Backend } from './world.ts'

const missing = redisMissing()
const backends: Backend[] = missing === undefined ? ['postgres', 'redis'] : ['postgres']
if (missing) it.skip(missing, () => {})

describe.each(backends)('on %s, the cycle from a pull request to scores', backend => {
  const kills = backend === 'postgres'
  let world: ShadowWorld
  let looks: Looks
  const ids = {} as Record<Trial, string>
  const opened = {} as Record<PullName, { repository: TestRepository; at: At; sample: string }>
  /** What the model of the keen one waits for before it answers on orders. */
  const asked = Promise.withResolvers<void>()
  let released: Promise<unknown> = Promise.resolve()

  beforeAll(async () => {
    world = await startShadowWorld(backend, async prompt => {
      if (prompt.model === models.keen && prompt.user.includes('transfer(cents)')) {
        asked.resolve()
        await released
      }
      return answer(prompt)
    })
    looks = looksInto(world, ids)
    for (const trial of trials) ids[trial] = await world.propose(trial, models[trial])
  })
  afterAll(() => world?.close())
  // Each step goes on where the one before it ended.
  let failed = false
  beforeEach(({ skip }) => skip(failed, 'a step before it failed'))
  afterEach(({ task }) => void (failed ||= task.result?.state === 'fail'))

  const samples = (...names: PullName[]) => names.map(name => opened[name].sample)
  /** Nobody is killed on Redis. */
  const cutOff = (...of: Parameters<Looks['cutOff']>): Promise<unknown> =>
    kills ? looks.cutOff(...of) : of[2]()

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
  const labels = (name: PullName) => looks.labels(opened[name].sample)
  const scored = async (name: PullName, expected: Record<string, string>): Promise<void> => {
    await looks.nothingStale()
    expect(await looks.outcomes(opened[name].sample)).toEqual(expected)
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
    const finished = () =>
      looks.rows<{ experiment_id: string; sample_id: string; attempts: number; line: string }>(
        `select experiment_id, sample_id, attempts, concat_ws(' ', state, (
           select string_agg(concat(f ->> 'path', ':', f ->> 'line'), ' ' order by f ->> 'path', (f ->> 'line')::int)
           from json_array_elements(findings) f)) as line
         from experiments_v1.code_analyses where finished_at is not null`,
      )
    await until('every run has ended', async () => (await finished()).length === 8, looks.context)
    expect(await looks.rows('select id, split from experiments_v1.samples order by id')).toEqual(
      pullNames
        .map(name => ({ id: opened[name].sample, split: name === 'lesson' ? 'training' : 'evaluation' }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    )
    const runs = await finished()
    const saidBy = (trial: Trial, name: PullName) =>
      runs
        .filter(run => run.experiment_id === ids[trial] && run.sample_id === opened[name].sample)
        .map(run => run.line)
    expect(saidBy('keen', 'orders')).toEqual(['done src/date.ts:1 src/pay.ts:1 src/sum.ts:1'])
    expect(saidBy('shy', 'orders')).toEqual(['done src/log.ts:1'])
    expect(saidBy('keen', 'stock')).toEqual([
      'done src/cache.ts:1 src/ledger.ts:3 src/ledger.ts:36 src/retry.ts:1',
    ])
    expect(saidBy('shy', 'mail')).toEqual(['failed'])
    expect(runs).toHaveLength(8)
    if (kills) expect(runs.filter(run => run.attempts > 1).length).toBeGreaterThanOrEqual(2)
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
    await looks.look()
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
    const signals = await looks.lines(
      `select concat_ws(' ', author_login, standing, kind, count(*)) as line from production.feedback
       group by author_login, standing, kind order by 1`,
    )
    expect(signals).toEqual([
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
    await looks.look()
    expect(await labels('mail')).toContain('src/greet.ts:1 real-issue A reaction:+1 0.9')
    for (const name of ['orders', 'stock', 'mail'] as const)
      await scored(name, { keen: hunks.keen[name], shy: hunks.shy[name], V2: hunks.V2[name] })
    expect(await looks.rows('select 1 from experiments_v1.experiment_metrics')).toEqual([])
  })

  it('comes to the figures that were worked out by hand, once the labels are final', async () => {
    const { control } = world.github
    await control.merge({ ...opened.orders.at, by: 'ada' })
    await control.merge({ ...opened.lesson.at, by: 'ada' })
    await control.close({ ...opened.stock.at, by: 'ada' })
    await settled()
    await looks.nothingStale()
    // Of the other two it is the end that makes them final, of this one its age.
    await cutOff('gate', ['experiments_v1.experiment_metrics', 'insert'], () =>
      cutOff('gate', ['gate.outcomes', 'insert or update', 'new.final_at is not null'], async () => {
        await looks.age(samples('orders', 'stock', 'lesson'), '80 hours')
        await looks.age(samples('mail'), '15 days')
      }),
    )
    for (const trial of trials) {
      await until(
        'three are counted',
        async () => (await looks.metrics(trial))?.['pull_requests'] === 3,
        looks.context,
      )
      const seen = await looks.metrics(trial)
      for (const [name, value] of Object.entries(figures[trial]))
        expect([trial, name, seen?.[name]]).toEqual([trial, name, expect.closeTo(value, 9)])
      // What failed never came: it is slower than any.
      const runs = await looks.rows<{ latency: number; usd: number }>(
        `select case when state = 'done' then latency_ms::float8 else 'Infinity' end as latency, usd::float8 as usd
         from experiments_v1.code_analyses where experiment_id = $1 and sample_id = any ($2) order by latency`,
        [ids[trial], samples('orders', 'stock', 'mail')],
      )
      expect(seen?.['usd_per_run']).toBeCloseTo(runs.reduce((sum, run) => sum + run.usd, 0) / 3, 6)
      expectWithin5(seen?.['latency_p50_ms'], runs[1]?.latency)
      expectWithin5(seen?.['latency_p95_ms'], runs[2]?.latency)
      expect(await looks.tally(trial)).toEqual({
        n: 3,
        baseline: expect.closeTo(paired[trial].baseline, 9),
        difference: expect.closeTo(paired[trial].difference, 9),
      })
    }
    const ready = await looks.rows<Record<string, unknown>>(
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
    const known = await looks.everything()
    await react('orders', 'src/pay.ts', 'olga', '-1')
    await react('mail', 'src/greet.ts', 'olga', '-1')
    await looks.look()
    await looks.nothingStale()
    expect(await labels('orders')).toContain('src/pay.ts:1 not-an-issue A reaction:-1 0.9')
    expect(await labels('mail')).toContain('src/greet.ts:1 not-an-issue A reaction:-1 0.9')
    expect(await looks.everything()).toEqual(known)
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
      const tables = await looks.rows<{ name: string }>(
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

  // What is told does not depend on the queue.
  if (kills)
    it('tells in feedback show what was understood, and the labels that came of it', () => {
      const click = 'tier A, weight 0.9: somebody who knows the code said so, in one click'
      const fixed =
        'counted: real-issue, tier A, weight 0.9: a reviewer asked for it and the author changed the lines'
      const outsider = 'not counted: neither the author nor a collaborator with triage or more'
      expect(looks.feedbackShow(`${opened.orders.at.repo}#1`)).toEqual(
        [
          `src/pay.ts:1  ada (author)  👍 => counted: real-issue, ${click}`,
          'src/pay.ts:1  olga (collaborator)  ❤️ => not counted: the same person said something else later',
          `src/pay.ts:1  olga (collaborator)  👎 => counted: not-an-issue, ${click}`,
          `src/log.ts:1  olga (collaborator)  👎 => counted: not-an-issue, ${click}`,
          `src/log.ts:1  mallory (outsider)  👍 => ${outsider}`,
          `src/date.ts:1  mallory (outsider)  👍 => ${outsider}`,
          `src/sum.ts:1  rex (collaborator)  comment: Fractions are cut off by the bitwise or here, so the sum is wrong. => ${fixed}`,
          `src/sum.ts:1  ada (author)  the lines changed => ${fixed}`,
          'src/log.ts:1  version 1, current: not-an-issue, tier A, weight 0.9 (reaction:-1)',
          'src/pay.ts:1  version 1, current: real-issue, tier A, weight 0.9 (reaction:+1)',
          'src/pay.ts:1  version 1, overturned: real-issue, tier A, weight 0.9 (reaction:heart)',
          'src/pay.ts:1  version 2, current: not-an-issue, tier A, weight 0.9 (reaction:-1)',
          'src/sum.ts:1  version 1, current: real-issue, tier A, weight 0.9 (comment-changed)',
        ].toSorted(),
      )
      const mended =
        'counted: real-issue, tier B, weight 0.8: somebody closed the thread after its lines had changed: mended, or moved out of the way'
      expect(looks.feedbackShow(`${opened.stock.at.repo}#1`)).toEqual(
        expect.arrayContaining([
          'src/cache.ts:1  olga (collaborator)  reply: unreadable => not counted: ignored: it begins with none of wrong, noise, not-here, already-known, useful',
          `src/cache.ts:1  ada (author)  resolved the thread => ${mended}`,
          `src/cache.ts:1  ada (author)  the lines changed => ${mended}`,
          'src/lock.ts:1  ada (author)  resolved the thread => not counted: resolving alone says nothing',
        ]),
      )
    })

  /** Quantiles come from buckets: at most 5 % too high. */
  function expectWithin5(seen: number | undefined, exact: number | undefined): void {
    expect(seen).toBeGreaterThanOrEqual(exact ?? Number.NaN)
    expect(seen).toBeLessThanOrEqual(1.05 * (exact ?? Number.NaN))
  }
})
