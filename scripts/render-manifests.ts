// Writes k8s/rendered/ from k8s/overlays/ by `kubectl kustomize`: what an apply would send, for review and for the tests.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The name of each file, and the overlay it comes from. */
export const overlays = {
  dev: 'dev',
  prod: 'prod',
  'prod-managed': 'prod-managed',
  'prod-migration': 'prod/migration',
  'prod-restore': 'prod/restore',
} as const

const k8s = join(dirname(dirname(fileURLToPath(import.meta.url))), 'k8s')

/** What the overlay renders to. Throws kubectl's own words where it fails, or when there is no kubectl. */
export function render(overlay: string): string {
  const result = spawnSync('kubectl', ['kustomize', join(k8s, 'overlays', overlay)], { encoding: 'utf8' })
  if (result.error) throw result.error
  if (result.status !== 0) throw new Error(result.stderr)
  return result.stdout
}

if (import.meta.main) {
  mkdirSync(join(k8s, 'rendered'), { recursive: true })
  for (const [name, overlay] of Object.entries(overlays))
    writeFileSync(join(k8s, 'rendered', `${name}.yaml`), render(overlay))
}
