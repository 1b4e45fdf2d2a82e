import type { Provider } from '../../src/core/configuration.ts'

type Json = Record<string, unknown>
const shared = [
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  '$ref',
  '$defs',
  'description',
  'title',
  'format',
  'minItems',
]
const keywords: Record<Provider, Set<string>> = {
  openai: new Set([
    ...shared,
    'pattern',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'multipleOf',
    'maxItems',
  ]),
  anthropic: new Set(shared),
}

/** Why a provider's strict mode would refuse this schema; undefined when it would not. */
export function schemaProblem(schema: unknown, provider: Provider, at = '$'): string | undefined {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return `${at}: not a schema`
  const node = schema as Json
  if (at === '$' && node.type !== 'object') return '$: the root must be an object'
  const unknown = Object.keys(node).find(key => !keywords[provider].has(key))
  if (unknown) return `${at}: '${unknown}' is not permitted`
  if (!('type' in node) && !node.anyOf && !node.$ref && !('const' in node) && !node.enum)
    return `${at}: schema must have a 'type' key`
  if (provider === 'anthropic' && Number(node.minItems ?? 0) > 1) return `${at}: minItems may be 0 or 1`
  return objectProblem(node, provider, at) ?? childProblem(node, provider, at)
}

function objectProblem(node: Json, provider: Provider, at: string): string | undefined {
  if (node.type !== 'object') return undefined
  if (node.additionalProperties !== false)
    return `${at}: 'additionalProperties' is required to be supplied and to be false`
  const required = Array.isArray(node.required) ? node.required : []
  const missing = Object.keys((node.properties ?? {}) as Json).find(name => !required.includes(name))
  return provider === 'openai' && missing
    ? `${at}: 'required' must include every key in properties. Missing '${missing}'`
    : undefined
}

function childProblem(node: Json, provider: Provider, at: string): string | undefined {
  for (const group of ['properties', '$defs'] as const) {
    for (const [name, child] of Object.entries((node[group] ?? {}) as Json)) {
      const problem = schemaProblem(child, provider, `${at}.${name}`)
      if (problem) return problem
    }
  }
  if (node.items !== undefined) return schemaProblem(node.items, provider, `${at}[]`)
  const branches = (node.anyOf ?? []) as unknown[]
  return branches.map(each => schemaProblem(each, provider, `${at}|`)).find(problem => problem !== undefined)
}
