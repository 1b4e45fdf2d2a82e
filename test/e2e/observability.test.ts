import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plantedReviewer } from '../../sandbox/models/reviewers.ts'
import { dashboardNames, monitoring, queries, rules } from '../k8s/monitored.ts'
import { freePort } from '../support/free-port.ts'
import { prometheusMissing, startPrometheus, type Prometheus } from '../support/prometheus.ts'
import { createRepository, reviewed } from './repository.ts'
import { lines } from './samples.ts'
import { until } from './until.ts'
import { expectHonestWork, startWorld, type World } from './world.ts'

const missing = prometheusMissing()
const closers: (() => Promise<unknown>)[] = []
let world: World
let prometheus: Prometheus

type Sample = { metric: Record<string, string>; value: [number, string] }
const ask = async (query: string): Promise<Sample[]> =>
  (await prometheus.api<{ result: Sample[] }>('query', { query })).result
const now = async (query: string): Promise<number | null> => {
  const [first] = await ask(query)
  return first ? Number(first.value[1]) : null
}

describe.skipIf(missing)(missing ?? 'a running Cupel, its log, and a Prometheus that scrapes it', () => {
  beforeAll(async () => {
    const ports = { production: await freePort(), experiments: await freePort(), gate: await freePort() }
    const reviewer = plantedReviewer([
      {
        path: 'src/a.ts',
        marker: 'bad(',
        finding: { severity: 'high', category: 'correctness', title: 'It fails', body: 'It does.' },
      },
    ])
    world = await startWorld({
      backend: 'postgres',
      providers: ['openai'],
      answer: reviewer,
      environment: {
        METRICS_PORT: String(ports.production),
        CUPEL_EXPERIMENTS_METRICS_PORT: String(ports.experiments),
        CUPEL_GATE_METRICS_PORT: String(ports.gate),
        CUPEL_GATE_SECONDS: '1',
      },
    })
    closers.push(() => world.close())
    for (const name of ['experiments', 'gate']) {
      const running = await world.start(name)
      closers.push(() => running.stop())
    }
    const targets = [new URL(world.webhookUrl).host, ...Object.values(ports).map(port => `127.0.0.1:${port}`)]
    prometheus = await startPrometheus(targets, `${monitoring}rules.yaml`)
    closers.push(() => prometheus.stop())
    await until(
      'every process is scraped',
      async () => (await now('sum(up{job="cupel"})')) === targets.length,
    )
  })
  afterAll(async () => {
    for (const close of closers.toReversed()) await close()
  })

  it('one review is seen from the webhook to the model’s bill, and every line of it carries the delivery’s id', async () => {
    const repository = await createRepository(world, { '.github/cupel.yml': 'analysers: false\n' })
    const at = await repository.open({ 'src/a.ts': lines('bad()') })
    await reviewed(world, at)
    await repository.settled()
    await until(
      'Prometheus has seen the review',
      async () => (await now('sum(v2_requests_total{kind="review",outcome="done"})')) === 1,
    )
    // Counted when the review ends, which is after it was posted: a scrape may lie between the two.
    await until(
      'Prometheus has seen its finding',
      async () => (await now('sum(v2_findings_total{where="inline"})')) === 1,
    )
    expect(await now('sum(v2_requests_total{kind="webhook",outcome="accepted"})')).toBeGreaterThan(0)
    expect(await now('sum(v2_model_tokens_total)')).toBeGreaterThan(0)
    expect(await now('sum(v2_model_usd_total)')).toBeGreaterThan(0)
    expect(await ask('v2_release_in_force')).toMatchObject([
      {
        metric: { release: 'genesis-models', kind: 'genesis-models', job: 'cupel' },
        value: [expect.anything(), '1'],
      },
    ])
    expect(await now('min(gate_audit_chain_intact)')).toBe(1)

    const { rows } = await world.owner.query<{ id: string }>(
      "select id from production.deliveries where event = 'pull_request' and repository_id = $1",
      [repository.id],
    )
    const trace = rows[0]?.id ?? ''
    const toldOf = (): [string, string][] => {
      const said = world
        .log()
        .split('\n')
        .flatMap(line => /^(web|production): (\{.*\})$/.exec(line)?.slice(1, 3) ?? [])
      const told: [string, string][] = []
      for (let index = 0; index < said.length; index += 2) {
        const line = JSON.parse(said[index + 1] ?? '') as { trace?: string; msg: string }
        if (line.trace === trace) told.push([said[index] ?? '', line.msg])
      }
      return told
    }
    // A process writes its last line after its work can be seen.
    const told = await until(
      'the last line was written',
      () => toldOf().some(([, line]) => line === 'review request taken') && toldOf(),
    )
    expect(told).toEqual([
      ['web', 'webhook taken'],
      ['production', 'delivery taken'],
      ['production', 'model asked'],
      ['production', 'review request taken'],
    ])
    await expectHonestWork(world)
  })

  it.each(dashboardNames)('answers every query of %s', async name => {
    for (const { expr } of queries(name)) await ask(expr)
  })

  it('evaluates every rule, and of those that tell a fault none fires but that there is no backup yet', async () => {
    const { groups } = await until('every rule was evaluated', async () => {
      const answer = await prometheus.api<{
        groups: { rules: { name: string; health: string; lastError?: string }[] }[]
      }>('rules')
      return answer.groups.flatMap(group => group.rules).every(rule => rule.health !== 'unknown') && answer
    })
    const evaluated = groups.flatMap(group => group.rules)
    expect(evaluated.filter(rule => rule.health !== 'ok')).toEqual([])
    expect(evaluated).toHaveLength(rules().length)
    const { alerts } = await prometheus.api<{ alerts: { labels: { alertname: string } }[] }>('alerts')
    // These two tell how fast this machine is; promtool's tests prove when they fire.
    const ofSpeed = ['CupelReviewsSlow', 'CupelWebhooksLate']
    const names = alerts.map(alert => alert.labels.alertname)
    expect(names.filter(name => !ofSpeed.includes(name))).toEqual(['CupelBackupOld'])
  })
})
