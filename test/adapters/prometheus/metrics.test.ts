import { describe, expect, it } from 'vitest'
import { experimentMetrics } from '../../../src/adapters/prometheus/experiment-metrics.ts'
import { prometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts'

interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** The text exposition format, strictly: throws for any line that is not of it. */
function parse(text: string): { samples: Sample[]; types: Map<string, string> } {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)
    if (type) {
      types.set(type[1] ?? '', type[2] ?? '')
      continue
    }
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (!match) throw new Error(`not a sample: ${line}`)
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)",?/g)].map(one => [one[1], one[2]])
    const value = match[3] === '+Inf' ? Infinity : Number(match[3])
    samples.push({ name: match[1] ?? '', labels: Object.fromEntries(labels), value })
  }
  return { samples, types }
}

async function read(of: { render(): Promise<string> }) {
  const { samples, types } = parse(await of.render())
  return {
    types,
    samples,
    value: (name: string, labels: Record<string, string> = {}) =>
      samples.find(
        one =>
          one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
      )?.value,
  }
}

describe('prometheusMetrics', () => {
  it('offers the names that dashboards and alerts rely on', async () => {
    const { types } = await read(prometheusMetrics())
    expect(Object.fromEntries(types)).toMatchObject({
      v2_requests_total: 'counter',
      v2_request_duration_seconds: 'histogram',
      v2_active_requests: 'gauge',
      v2_errors_total: 'counter',
      v2_slo_violations_total: 'counter',
      process_resident_memory_bytes: 'gauge',
    })
  })

  it.each([
    ['webhook within 50 ms', 'requestFinished', 0.05, 'accepted', 'intake', 0],
    ['webhook after 50 ms', 'requestFinished', 0.051, 'accepted', 'intake', 1],
    ['webhook that failed', 'requestFinished', 0.01, 'error', 'intake', 1],
    ['review within 3 s', 'reviewFinished', 3, 'done', 'review', 0],
    ['review after 3 s', 'reviewFinished', 3.1, 'done', 'review', 1],
    ['review that failed', 'reviewFinished', 1, 'failed', 'review', 1],
    ['review superseded late', 'reviewFinished', 9, 'superseded', 'review', 0],
  ] as const)('%s counts as violation: %s', async (_, call, seconds, outcome, objective, expected) => {
    const of = prometheusMetrics()
    if (call === 'requestFinished') of.metrics.requestFinished(seconds, outcome)
    else of.metrics.reviewFinished(seconds, outcome)
    const now = await read(of)
    expect(now.value('v2_slo_violations_total', { objective })).toBe(expected)
    expect(now.value('v2_requests_total', { outcome })).toBe(1)
  })

  it('what is within its objective can be read from the buckets', async () => {
    const of = prometheusMetrics()
    for (const seconds of [1, 3, 3.01]) of.metrics.reviewFinished(seconds, 'done')
    of.metrics.requestFinished(0.05, 'accepted')
    const now = await read(of)
    expect(now.value('v2_request_duration_seconds_bucket', { outcome: 'done', le: '3' })).toBe(2)
    expect(now.value('v2_request_duration_seconds_count', { outcome: 'done' })).toBe(3)
    expect(now.value('v2_intake_duration_seconds_bucket', { outcome: 'accepted', le: '0.05' })).toBe(1)
  })

  it('counts what runs now', async () => {
    const of = prometheusMetrics()
    of.metrics.requestStarted()
    of.metrics.requestStarted()
    of.metrics.requestFinished(0.01, 'accepted')
    expect((await read(of)).value('v2_active_requests')).toBe(1)
  })

  it('records every kind of thing that is reported', async () => {
    const of = prometheusMetrics()
    of.metrics.step('model', 'openai/x', 'ok', 1)
    of.metrics.tokens('openai/x', 'input', 120)
    of.metrics.usd('openai/x', 0.25)
    of.metrics.findings('inline', 2)
    of.metrics.duplicateAvoided()
    of.metrics.anchorFailed(3)
    of.metrics.duplicateComments(5)
    of.metrics.reviewDegraded()
    of.metrics.budgetRefused('author')
    of.metrics.budget('repository', 'month', 0.5)
    of.metrics.lateFindings(4)
    of.metrics.codeHostCall('files', 'ok', 0.2)
    const now = await read(of)
    expect(
      now.value('v2_step_duration_seconds_count', { kind: 'model', name: 'openai/x', outcome: 'ok' }),
    ).toBe(1)
    expect(now.value('v2_model_tokens_total', { model: 'openai/x', kind: 'input' })).toBe(120)
    expect(now.value('v2_model_usd_total')).toBe(0.25)
    expect(now.value('v2_findings_total', { where: 'inline' })).toBe(2)
    expect(now.value('v2_duplicates_avoided_total')).toBe(1)
    expect(now.value('v2_anchor_failures_total')).toBe(3)
    expect(now.value('v2_duplicate_comments_avoided_total')).toBe(5)
    expect(now.value('v2_degraded_reviews_total')).toBe(1)
    expect(now.value('v2_budget_refusals_total', { scope: 'author' })).toBe(1)
    expect(now.value('v2_budget_spent_ratio', { scope: 'repository', period: 'month' })).toBe(0.5)
    expect(now.value('v2_late_findings_total')).toBe(4)
    expect(now.value('v2_code_host_duration_seconds_sum', { kind: 'files' })).toBeCloseTo(0.2)
  })

  it('a label never has more values than its bound', async () => {
    const of = prometheusMetrics()
    for (let i = 0; i < 500; i++) of.metrics.tokens(`model "${i}"\n`, 'input', 1)
    const now = await read(of)
    const series = now.samples.filter(one => one.name === 'v2_model_tokens_total')
    expect(series).toHaveLength(51)
    expect(now.value('v2_model_tokens_total', { model: 'other' })).toBe(450)
  })

  it('shows one release in force, and of a queue that cannot be asked nothing', async () => {
    const of = prometheusMetrics()
    of.metrics.releaseInForce('genesis', 'genesis')
    of.metrics.releaseInForce('promoted-1', 'promoted')
    of.metrics.queue('reviews', { waiting: 3, delayed: 1, active: 2 })
    of.metrics.queueAge('reviews', 7)
    const first = await read(of)
    expect(first.samples.filter(one => one.name === 'v2_release_in_force')).toEqual([
      { name: 'v2_release_in_force', labels: { release: 'promoted-1', kind: 'promoted' }, value: 1 },
    ])
    expect(first.value('v2_queue_jobs', { queue: 'reviews', state: 'waiting' })).toBe(3)
    expect(first.value('v2_queue_age_seconds', { queue: 'reviews' })).toBe(7)
    of.metrics.queue('reviews', null)
    of.metrics.queueAge('reviews', null)
    const { samples } = await read(of)
    expect(samples.filter(one => one.name.startsWith('v2_queue'))).toEqual([])
  })

  it('two instances share nothing', async () => {
    const one = prometheusMetrics()
    one.metrics.duplicateAvoided()
    expect((await read(prometheusMetrics())).value('v2_duplicates_avoided_total')).toBe(0)
    expect(one.contentType).toContain('text/plain')
  })
})

describe('experimentMetrics', () => {
  it('tells runs, errors, time, findings, tokens and money of all experiments together', async () => {
    const of = experimentMetrics()
    of.metrics.runFinished('live', 'done', null, 0.8)
    of.metrics.runFinished('live', 'failed', 'model-timeout', 3)
    of.metrics.runFinished('replay', 'degraded', null, 1)
    of.metrics.findings(4)
    of.metrics.tokens('openai/x', 'output', 600)
    of.metrics.usd('openai/x', 0.02)
    of.metrics.experiments({ active: 2, paused: 1 }, 1)
    const now = await read(of)
    expect(now.value('v1_experiments_total', { state: 'done', kind: 'live' })).toBe(1)
    expect(now.value('v1_experiments_total', { state: 'degraded', kind: 'replay' })).toBe(1)
    expect(now.value('v1_run_errors_total', { code: 'model-timeout' })).toBe(1)
    expect(now.value('v1_run_duration_seconds_sum', { kind: 'live' })).toBeCloseTo(3.8)
    expect(now.value('v1_findings_total')).toBe(4)
    expect(now.value('v1_model_tokens_total', { model: 'openai/x', kind: 'output' })).toBe(600)
    expect(now.value('v1_model_usd_total', { model: 'openai/x' })).toBe(0.02)
    expect(now.value('v1_experiments', { state: 'active' })).toBe(2)
    expect(now.value('v1_experiments', { state: 'promoted' })).toBe(0)
    expect(now.value('v1_experiments_waiting')).toBe(1)
  })

  it('names no experiment, and no label has more values than its bound', async () => {
    const of = experimentMetrics()
    for (let i = 0; i < 500; i++) {
      of.metrics.runFinished('live', 'failed', `code-${i}`, 1)
      of.metrics.tokens(`model-${i}`, 'input', 1)
      of.metrics.step('model', `step-${i}`, `outcome-${i}`, 1)
    }
    const { samples } = await read(of)
    const own = samples.filter(one => one.name.startsWith('v1_'))
    const values = new Map<string, Set<string>>()
    for (const { name, labels } of own)
      for (const [label, value] of Object.entries(labels))
        values.set(`${name} ${label}`, (values.get(`${name} ${label}`) ?? new Set()).add(value))
    expect(values.get('v1_run_errors_total code')?.size).toBe(31)
    expect(values.get('v1_model_tokens_total model')?.size).toBe(51)
    expect(Math.max(...[...values.values()].map(each => each.size))).toBeLessThanOrEqual(51)
    expect(new Set(own.flatMap(one => Object.keys(one.labels)))).toEqual(
      new Set(['state', 'kind', 'code', 'name', 'outcome', 'model', 'le']),
    )
  })
})
