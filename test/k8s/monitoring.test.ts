import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { monitoringFiles } from '../../scripts/render-monitoring.ts'
import { prometheusMissing, promtool } from '../support/prometheus.ts'
import {
  dashboardNames,
  knownSeries,
  monitoring,
  ownMetrics,
  panels,
  queries,
  rules,
  seriesIn,
} from './monitored.ts'
import { rendered, type Manifest } from './objects.ts'

const documentation = readFileSync(`${monitoring}../../docs/observability.md`, 'utf8')
const alerts = [...new Set(rules().flatMap(rule => rule.alert ?? []))]

test.each([...monitoringFiles()])(
  'k8s/monitoring/%s is what its source makes today (else: npm run render:monitoring)',
  (path, text) => {
    expect(readFileSync(join(monitoring, path), 'utf8')).toBe(text)
  },
)

test('kustomize brings every dashboard, and the four that were promised are there', () => {
  const { configMapGenerator } = parse(readFileSync(`${monitoring}kustomization.yaml`, 'utf8')) as {
    configMapGenerator: { name: string; files: string[] }[]
  }
  const listed = configMapGenerator.find(each => each.name === 'cupel-dashboards')?.files
  expect(listed).toEqual(dashboardNames.map(name => `dashboards/${name}.json`))
  expect(readdirSync(`${monitoring}dashboards`).sort()).toEqual(
    dashboardNames.map(name => `${name}.json`).sort(),
  )
  const titles = dashboardNames.map(
    name =>
      (JSON.parse(readFileSync(`${monitoring}dashboards/${name}.json`, 'utf8')) as { title: string }).title,
  )
  expect(titles).toEqual([
    'V2 Production SLO Compliance',
    'V1 Experiment Progress',
    'V3 Quarantine Statistics',
    'Cross-version Comparison',
  ])
})

test('Grafana finds each kind of provisioning in the folder it reads it from', () => {
  const { configMapGenerator } = parse(readFileSync(`${monitoring}kustomization.yaml`, 'utf8')) as {
    configMapGenerator: { name: string; files: string[] }[]
  }
  for (const kind of ['dashboards', 'datasources']) {
    const files = readdirSync(`${monitoring}provisioning/${kind}`)
    expect(configMapGenerator.find(({ name }) => name === `cupel-grafana-${kind}`)?.files).toEqual(
      files.map(file => `provisioning/${kind}/${file}`),
    )
    expect(documentation).toContain(`\`cupel-grafana-${kind}\` at`)
    expect(documentation).toContain(`\`/etc/grafana/provisioning/${kind}\``)
    for (const file of files) {
      const content = parse(readFileSync(`${monitoring}provisioning/${kind}/${file}`, 'utf8')) as object
      expect(Object.keys(content)).toContain(kind === 'dashboards' ? 'providers' : kind)
    }
  }
})

test('every panel says in one sentence what it is read for', () => {
  for (const name of dashboardNames)
    for (const { title, description } of panels(name))
      expect(description, title).toMatch(/^[\p{L}\d][^\n]{9,130}\.$/u)
})

describe('a query names only what exists', () => {
  it.each<[string, string[]]>([
    ['sum by (le, a_total) (rate(b_bucket{c="d_total", le=~"3|3[.]0"}[5m]))', ['b_bucket']],
    ['histogram_quantile(0.95, a) / on (x) group_left (y) b > bool 1e3', ['a', 'b']],
    [
      'cupel:a:ratio1h > 0.1 and absent(b_total) or time() - max(c) > Inf',
      ['cupel:a:ratio1h', 'b_total', 'c'],
    ],
    [
      'sum(a_total) without (pod) unless label_replace(b, "x", "$1", "y", "z(w)") offset 9000',
      ['a_total', 'b'],
    ],
  ])('in %s it sees %j', (expr, names) => {
    expect(seriesIn(expr)).toEqual(names)
  })

  it.each(dashboardNames)('in %s', async name => {
    const known = await knownSeries()
    const asked = queries(name).map(({ panel, expr }) => ({
      panel,
      unknown: seriesIn(expr).filter(each => !known.has(each)),
    }))
    expect(asked.length).toBeGreaterThan(8)
    expect(queries(name).filter(({ expr }) => seriesIn(expr).length === 0)).toEqual([])
    expect(asked.filter(({ unknown }) => unknown.length > 0)).toEqual([])
  })

  it('in the rules', async () => {
    const known = await knownSeries()
    expect(rules().flatMap(({ expr }) => seriesIn(expr).filter(name => !known.has(name)))).toEqual([])
  })
})

describe('nobody meets a metric or an alert without a word on it', () => {
  it('docs/observability.md has every metric of Cupel’s own, and no other', async () => {
    const told = [...documentation.matchAll(/^\| `((?:v[123]|gate|cupel)_\w+)/gm)].map(match => match[1])
    expect(told).toHaveLength(new Set(told).size)
    expect(new Set(told)).toEqual(new Set((await ownMetrics()).keys()))
  })

  it.each(alerts)('%s has what to do, and a test that fires it and one that does not', alert => {
    expect(documentation).toContain(`\n### ${alert}\n`)
    for (const rule of rules().filter(each => each.alert === alert)) {
      expect(rule.labels?.severity).toMatch(/^(page|ticket)$/)
      expect(rule.annotations?.['runbook']).toBe(`docs/observability.md#${alert.toLowerCase()}`)
    }
    const looks = readdirSync(`${monitoring}tests`).flatMap(file => {
      const { tests } = parse(readFileSync(`${monitoring}tests/${file}`, 'utf8')) as {
        tests: { promql_expr_test?: { expr: string; exp_samples: unknown[] }[] }[]
      }
      return tests.flatMap(each => each.promql_expr_test ?? [])
    })
    const of = looks.filter(({ expr }) => expr.includes(`alertname="${alert}"`))
    const severities = rules()
      .filter(each => each.alert === alert)
      .map(each => each.labels?.severity)
    for (const severity of severities)
      expect(
        of.filter(each => each.exp_samples.length > 0 && each.expr.includes(`severity="${severity}"`)),
      ).not.toEqual([])
    expect(of.filter(each => each.exp_samples.length === 0)).not.toEqual([])
  })

  it('no heading speaks of an alert that is gone', () => {
    expect([...documentation.matchAll(/^### (Cupel\w+)$/gm)].map(match => match[1])).toEqual(alerts)
  })
})

interface ScrapeJob {
  kubernetes_sd_configs?: { namespaces: { names: string[] } }[]
  relabel_configs: { source_labels: string[]; regex?: string; action?: string }[]
}

function scrapeConfig(): ScrapeJob[] {
  const text = readFileSync(`${monitoring}scrape.yaml`, 'utf8')
  return (parse(text) as { scrape_configs: ScrapeJob[] }).scrape_configs
}

interface PodTemplate {
  metadata: { labels: Record<string, string> }
  spec: { containers: { ports?: { name: string }[] }[] }
}

test('what is scraped is every pod that has metrics, each by the port that has them', () => {
  const [job] = scrapeConfig()
  const kept = job?.relabel_configs.find(each => each.source_labels.length === 2)?.regex ?? ''
  const namespaces = job?.kubernetes_sd_configs?.[0]?.namespaces.names ?? []
  const ports = rendered('prod')
    .filter(object => object.kind === 'Deployment' && namespaces.includes(object.metadata.namespace ?? ''))
    .flatMap(object => {
      const { metadata, spec } = (object.spec as unknown as { template: PodTemplate }).template
      const component = metadata.labels['app.kubernetes.io/component'] ?? ''
      return spec.containers.flatMap(each => (each.ports ?? []).map(port => `${component};${port.name}`))
    })
  expect(new Set(ports.filter(port => new RegExp(`^(?:${kept})$`).test(port)))).toEqual(
    new Set(['egress;metrics', 'experiments;metrics', 'gate;metrics', 'production;metrics', 'web;http']),
  )
})

test('Prometheus may list the pods of the namespaces it scrapes, and do nothing else there', () => {
  const objects = parseAllDocuments(readFileSync(`${monitoring}access/roles.yaml`, 'utf8')).map(
    each => each.toJS() as Manifest,
  )
  const namespaces = scrapeConfig()[0]?.kubernetes_sd_configs?.[0]?.namespaces.names
  for (const kind of ['Role', 'RoleBinding'])
    expect(objects.filter(each => each.kind === kind).map(({ metadata }) => metadata.namespace)).toEqual(
      namespaces,
    )
  for (const each of objects.filter(({ kind }) => kind === 'Role'))
    expect(each['rules']).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }])
  for (const each of objects.filter(({ kind }) => kind === 'RoleBinding'))
    expect(each).toMatchObject({
      subjects: [{ kind: 'ServiceAccount', name: 'prometheus', namespace: 'monitoring' }],
      roleRef: { kind: 'Role', name: 'cupel-scrape' },
    })
})

const missing = prometheusMissing()

describe.skipIf(missing)(missing ?? 'promtool', () => {
  it('reads the rules, and every unit test of them holds', () => {
    expect(promtool('check', 'rules', `${monitoring}rules.yaml`)).toContain(`${rules().length} rules found`)
    const files = readdirSync(`${monitoring}tests`).map(file => `${monitoring}tests/${file}`)
    expect(promtool('test', 'rules', ...files)).not.toContain('FAILED')
  }, 120_000)

  it('reads every query of every dashboard, and what a Prometheus without operator scrapes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cupel-promtool-'))
    try {
      const all = dashboardNames.flatMap(name => queries(name))
      const recorded = all.map(({ expr }, index) => ({ record: `panel:${index}`, expr }))
      writeFileSync(
        join(folder, 'queries.yaml'),
        JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }),
      )
      expect(promtool('check', 'rules', join(folder, 'queries.yaml'))).toContain(`${all.length} rules found`)
      // Debian's build knows no Kubernetes: its discovery is left out.
      const jobs = scrapeConfig().map(job => ({ ...job, kubernetes_sd_configs: undefined }))
      writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify({ scrape_configs: jobs }))
      promtool('check', 'config', '--syntax-only', join(folder, 'prometheus.yaml'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
