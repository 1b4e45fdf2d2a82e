import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { egressMetrics } from '../../src/adapters/prometheus/egress-metrics.ts'
import { experimentMetrics } from '../../src/adapters/prometheus/experiment-metrics.ts'
import { gateMetrics } from '../../src/adapters/prometheus/gate-metrics.ts'
import { prometheusMetrics } from '../../src/adapters/prometheus/metrics.ts'

export const monitoring = fileURLToPath(new URL('../../k8s/monitoring/', import.meta.url))

interface Rule {
  alert?: string
  record?: string
  expr: string
  labels?: { severity: string }
  annotations?: Record<string, string>
}

export function rules(): Rule[] {
  const text = readFileSync(`${monitoring}rules.yaml`, 'utf8')
  return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(group => group.rules)
}

export const dashboardNames = [
  'v2-production-slo-compliance',
  'v1-experiment-progress',
  'v3-quarantine-statistics',
  'cross-version-comparison',
] as const

interface Panel {
  title: string
  description?: string
  targets: { expr: string }[]
}

export function panels(name: string): Panel[] {
  const text = readFileSync(`${monitoring}dashboards/${name}.json`, 'utf8')
  return (JSON.parse(text) as { panels: Panel[] }).panels
}

/** Every query of a dashboard by its panel, as Grafana would send it. */
export function queries(name: string): { panel: string; expr: string }[] {
  return panels(name).flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ panel: title, expr: expr.replaceAll('$__rate_interval', '5m') })),
  )
}

/** Metrics of Cupel's own, by name, without what Node.js tells of every process. */
export async function ownMetrics(): Promise<Map<string, string>> {
  const registries = [prometheusMetrics(), experimentMetrics(), gateMetrics(), egressMetrics()]
  const texts = await Promise.all(registries.map(each => each.render()))
  const own = new Map<string, string>()
  for (const [, name = '', type = ''] of texts.join('\n').matchAll(/^# TYPE (\S+) (\S+)$/gm))
    if (!/^(process|nodejs)_/.test(name)) own.set(name, type)
  return own
}

/** Every name that a query may use: series of own metrics, recorded ones, and `up`. */
export async function knownSeries(): Promise<Set<string>> {
  const known = new Set(['up', ...rules().flatMap(rule => rule.record ?? [])])
  for (const [name, type] of await ownMetrics())
    for (const end of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) known.add(name + end)
  return known
}

const keywords = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan'])

/** The names of series in a query: what is neither a function, a keyword, a label nor a part of a selector. */
export function seriesIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
  return [...bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])/g)]
    .map(match => match[0])
    .filter(name => !keywords.has(name.toLowerCase()))
}
