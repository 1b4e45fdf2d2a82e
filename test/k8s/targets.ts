import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { overlays } from '../../scripts/render-manifests.ts'
import { rendered, renderedNames } from './objects.ts'

const k8s = fileURLToPath(new URL('../../k8s/', import.meta.url))

interface Target {
  kind?: string
  name?: string
  namespace?: string
}
interface Kustomization {
  resources?: string[]
  components?: string[]
  patches?: { target?: Target }[]
}

/** The targets of all patches of a kustomization and of what it is made of, with the folder of each. */
function targets(folder: string): { folder: string; target: Target }[] {
  const {
    resources = [],
    components = [],
    patches = [],
  } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization
  const parts = [...resources, ...components]
    .map(part => join(folder, part))
    .filter(part => statSync(part).isDirectory())
  return [...patches.map(({ target = {} }) => ({ folder, target })), ...parts.flatMap(targets)]
}

const meets = (pattern: string | undefined, text = ''): boolean =>
  pattern === undefined || new RegExp(`^(?:${pattern})$`).test(text)

test('every patch finds an object in some overlay that takes it', () => {
  const found = renderedNames.flatMap(name =>
    targets(join(k8s, 'overlays', overlays[name])).map(({ folder, target }) => ({
      patch: `${folder.slice(k8s.length)} ${JSON.stringify(target)}`,
      hits: rendered(name).filter(
        ({ kind, metadata }) =>
          meets(target.kind, kind) &&
          meets(target.name, metadata.name) &&
          meets(target.namespace, metadata.namespace),
      ).length,
    })),
  )
  const missed = [...new Set(found.map(({ patch }) => patch))].filter(
    patch => !found.some(one => one.patch === patch && one.hits > 0),
  )
  expect(found.length).toBeGreaterThan(10)
  expect(missed).toEqual([])
})
