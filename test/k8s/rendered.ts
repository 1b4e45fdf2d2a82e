import { spawnSync } from 'node:child_process'
import { describe, expect, it, test } from 'vitest'
import { overlays, render } from '../../scripts/render-manifests.ts'
import { label, one, rendered, renderedNames, renderedText, type Manifest, type Rendered } from './objects.ts'
import { modelOf, problems } from './schemas.ts'

const prod = rendered('prod')

it.each(renderedNames)(
  'every object of %s is what the API’s schema says, without an unknown field',
  async name => {
    const found: string[] = []
    const without = new Set<string>()
    for (const object of rendered(name)) {
      const model = await modelOf(object)
      if (model === null) without.add(`${object.apiVersion} ${object.kind}`)
      else for (const problem of problems(model, object)) found.push(`${label(object)}: ${problem}`)
    }
    expect(found).toEqual([])
    // Nobody publishes CloudNativePG's schema as a package.
    expect([...without]).toEqual(name === 'prod' ? ['postgresql.cnpg.io/v1 Cluster'] : [])
  },
)

const container = (object: Manifest): Record<string, unknown> =>
  (object.spec as { template: { spec: { containers: Record<string, unknown>[] } } }).template.spec
    .containers[0] ?? {}

it.each<[string, (object: Manifest) => void, RegExp]>([
  ['a number as text', object => (object.spec!['replicas'] = 'three'), /replicas.*integer/],
  ['a missing selector', object => delete object.spec!['selector'], /selector/],
  [
    'a misspelt field of a container',
    object => (container(object)['imagePullPolcy'] = 'Always'),
    /unknown field .*imagePullPolcy/,
  ],
  [
    'a misspelt field of a probe',
    object => (container(object)['livenessProbe'] = { httpGte: {} }),
    /unknown field .*httpGte/,
  ],
  ['a misspelt field at the top', object => (object['spce'] = {}), /unknown field \/spce/],
])('%s does not pass', async (_, spoil, said) => {
  const object = structuredClone(one(prod, 'Deployment', 'cupel-web'))
  spoil(object)
  const model = await modelOf(object)
  expect(model && problems(model, object).join('\n')).toMatch(said)
})

test('no two objects have the same name', () => {
  for (const name of renderedNames) {
    const names = rendered(name).map(label)
    expect(names.length).toBe(new Set(names).size)
  }
})

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
