import { afterAll, beforeAll, expect, it, test } from 'vitest'
import { dashboardWorld, type DashboardWorld } from './dashboard-world.ts'

const hostile = `<script>alert(1)</script>"onmouseover='x' \u202e`
const escaped = '&lt;script&gt;alert(1)&lt;/script&gt;'

let world: DashboardWorld
let cookie: string
const ids: Record<string, string> = {}
beforeAll(async () => {
  world = await dashboardWorld()
  const { gate } = world
  await gate.trial('good', 'good')
  await gate.trial('late', 'slow')
  await gate.trial('open', 'unjudged')
  await gate.tick()
  await gate.finishOrder('smoke:promoted-1', { passed: true, cases: [{ name: hostile }] })
  await gate.tick()
  await gate.reviews('promoted-1', 20)
  ids['action'] = await gate.ask('rollback', hostile, hostile)
  const { owner } = gate
  await owner.query(`update experiments_v1.experiments set name = $1, author = $1, state_reason = $1`, [
    hostile,
  ])
  await owner.query(
    `insert into quarantine.quarantine_records (id, experiment_id, configuration_id, configuration, outcome, failure_reasons,
       metrics_at_failure, impact_analysis, re_evaluation_eligible_from)
     values ($1, $1, repeat('a', 64), $2, 'failed', $3, $4, $5, '2026-01-01Z')`,
    [
      hostile,
      JSON.stringify({ prompt: hostile }),
      JSON.stringify({
        reasons: [{ class: 'accuracy', words: hostile }],
        examples: [{ sampleId: 's', finding: hostile }],
      }),
      JSON.stringify({ [hostile]: 1 }),
      JSON.stringify([{ kind: 'release', id: hostile, state: 'full', shares: [hostile], action: hostile }]),
    ],
  )
  await owner.query(
    `insert into experiments_v1.spending (experiment_id, day, usd) values ('open', (now() at time zone 'UTC')::date, 1.5)`,
  )
  await owner.query('select doors.switch_gate(true, $1, $1)', [hostile])
  await owner.query('update gate.switches set reason = $1', [hostile])
  await owner.query(
    `insert into production.release_steps (release_id, step, share, reason, actor) values ('promoted-1', 'full', 1, $1, $1)`,
    [hostile],
  )
  ids['verdict'] = (await gate.deps.verdicts.newest('good'))?.id ?? ''
  cookie = await world.signIn(hostile.replaceAll(/\s|\p{C}/gu, ''))
})
afterAll(() => world.close())

it.each<[string, string[]]>([
  ['/', ['V2: production', 'kept', 'V1: experiments on trial', 'the gate is paused by', 'V3: quarantine']],
  ['/experiments', ['Way to the gate', '% , furthest'.replace(' ,', ','), 'quarantined']],
  ['/experiments/open', ['0 of 60 labelled pull requests', 'must exceed 0.980', 'Ask the gate now', '<svg']],
  ['/releases', ['promoted-1', 'genesis']],
  ['/releases/promoted-1', ['smoke', '/verdicts/', 'Roll back']],
  ['/verdicts/VERDICT', ['It agrees', 'Recomputed by the database', 'breaches']],
  ['/quarantine', ['from 2026-01-01']],
  [`/quarantine/${encodeURIComponent(hostile)}`, ['people judged wrong', 'Try it again', 'Blacklist']],
  ['/actions', ['the gate answers in its next turn']],
  ['/actions/ACTION', ['from cli']],
  ['/audit', ['gate.pause', 'quarantine.archive']],
  ['/cost', ['1.50 USD']],
])('%s shows what is stored, none of it as markup', async (path, shown) => {
  const own = path
    .replace('VERDICT', ids['verdict'] ?? '')
    .replace('ACTION', encodeURIComponent(ids['action'] ?? ''))
  const { status, text, headers } = await world.get(own, cookie)
  expect(status).toBe(200)
  for (const words of shown) expect(text).toContain(words)
  expect(text).toContain(escaped)
  expect(text).not.toMatch(/<script|"onmouseover|\u202e/)
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect(headers.get('cache-control')).toBe('no-store')
})

test('a verdict that is not what its rows come to says so, and where', async () => {
  await world.gate.owner.query(
    `update gate.verdicts set evidence = jsonb_set(evidence::jsonb, '{verdict,criteria,errors,n}', '999')::json where id = $1`,
    [(await world.gate.deps.verdicts.newest('open'))?.id],
  )
  const { text } = await world.get(`/verdicts/${(await world.gate.deps.verdicts.newest('open'))?.id}`, cookie)
  expect(text).toContain('It does not agree')
  expect(text).toContain('stored.verdict.criteria.errors.n')
})

it.each([
  '/experiments/none',
  '/experiments/ope',
  '/releases/none',
  '/verdicts/none',
  '/quarantine/%00',
  '/quarantine/%E0%A4%A',
  '/actions/none',
  '/audit/1',
  '/cost/1',
  '/experiments/open/more',
  '/constructor',
])('there is nothing at %s', async path => {
  expect((await world.get(path, cookie)).status).toBe(404)
})

test('the audit log is paged by sequence, each entry once', async () => {
  await world.gate.owner.query(
    `select audit.append('ann', 'a.test', 'page', '{}') from generate_series(1, 60)`,
  )
  const numbers = (text: string): number[] =>
    [...text.matchAll(/<td class="number">(\d+)<\/td>/g)].map(([, number]) => Number(number))
  const first = (await world.get('/audit', cookie)).text
  const older = /href="(\/audit\?before=\d+)"/.exec(first)?.[1] ?? ''
  const second = (await world.get(older, cookie)).text
  expect(numbers(first)).toHaveLength(50)
  const all = [...numbers(first), ...numbers(second)]
  expect(all).toEqual(Array.from({ length: all.length }, (_, index) => (all[0] ?? 0) - index))
})
