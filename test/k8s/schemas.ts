import type { Manifest } from './objects.ts'

interface Model {
  new (data: object): { validate(): void }
}

/** The package that holds the models of an apiVersion: generated from Kubernetes' OpenAPI, or from the operator's CRDs. */
function moduleOf({ apiVersion, kind }: Manifest): string | undefined {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  if (group === 'external-secrets.io') return `@kubernetes-models/external-secrets/${apiVersion}/${kind}`
  if (
    group === '' ||
    group === 'apps' ||
    group === 'batch' ||
    group === 'autoscaling' ||
    group === 'policy' ||
    group.endsWith('.k8s.io')
  )
    return `kubernetes-models/${group === '' ? version : apiVersion}/${kind}`
  return undefined
}

/** Answers null where nobody publishes a schema of the kind as a package. */
export async function modelOf(object: Manifest): Promise<Model | null> {
  const name = moduleOf(object)
  if (name === undefined) return null
  const loaded = (await import(name)) as Record<string, Model>
  return loaded[object.kind] ?? null
}

/**
 * What is wrong with an object by its schema: wrong types, missing and forbidden values, and, since the schemas let
 * them pass, unknown fields: a validator reads every field that it knows, so one that was never read is unknown.
 */
export function problems(model: Model, object: Manifest): string[] {
  const { proxy, unread } = watched(new model(object))
  try {
    proxy.validate()
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
  return unread()
}

function watched<T extends object>(root: T): { proxy: T; unread(): string[] } {
  const read = new Set<string>()
  const there: string[] = []
  const wrap = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value
    for (const key of Object.keys(value)) there.push(`${path}/${key}`)
    return new Proxy(value, {
      get(target, key, receiver) {
        if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return Reflect.get(target, key, receiver)
        read.add(`${path}/${key}`)
        return wrap(Reflect.get(target, key), `${path}/${key}`)
      },
    })
  }
  return {
    proxy: wrap(root, '') as T,
    unread: () => [...new Set(there)].filter(path => !read.has(path)).map(path => `unknown field ${path}`),
  }
}
