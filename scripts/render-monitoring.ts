// Writes k8s/monitoring/dashboards/ from scripts/dashboards/, and the operator's PrometheusRule from rules.yaml.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { dashboards } from './dashboards/dashboards.ts'
import { dashboard } from './dashboards/panel.ts'

const monitoring = join(dirname(dirname(fileURLToPath(import.meta.url))), 'k8s', 'monitoring')

/** Every file by its path under k8s/monitoring. */
export function monitoringFiles(): Map<string, string> {
  const files = new Map<string, string>()
  for (const [name, definition] of Object.entries(dashboards))
    files.set(`dashboards/${name}.json`, `${JSON.stringify(dashboard(definition), null, 2)}\n`)
  const rules = parse(readFileSync(join(monitoring, 'rules.yaml'), 'utf8')) as { groups: unknown }
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'cupel' },
    spec: { groups: rules.groups },
  }
  files.set(
    'operator/rules.yaml',
    `# Made of ../rules.yaml by npm run render:monitoring.\n${stringify(object)}`,
  )
  return files
}

if (import.meta.main) {
  for (const [path, text] of monitoringFiles()) {
    mkdirSync(dirname(join(monitoring, path)), { recursive: true })
    writeFileSync(join(monitoring, path), text)
  }
}
