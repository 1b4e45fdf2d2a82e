import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { overlays, render } from '../../scripts/render-manifests.ts'
import { renderedText, type Rendered } from './objects.ts'

/** kustomize knows components since 3.7; Debian's kubectl is older. */
function kubectlMissing(): string | undefined {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' })
  const major = /Kustomize Version: v(\d+)/.exec(stdout ?? '')?.[1]
  if (status === 0 && Number(major) >= 5) return undefined
  if (process.env['CUPEL_TEST_NO_SKIP'] === '1')
    throw new Error('kubectl with kustomize 5 is not on PATH, and skipping is an error')
  return 'skipped: kubectl with kustomize 5 is not on PATH'
}

const missing = kubectlMissing()

describe.skipIf(missing)(missing ?? 'rendered manifests', () => {
  it.each(Object.entries(overlays))(
    'k8s/rendered/%s.yaml is what kubectl makes of the overlay today (else: npm run render)',
    (name, overlay) => {
      expect(renderedText(name as Rendered)).toBe(render(overlay))
    },
    60_000,
  )
})
