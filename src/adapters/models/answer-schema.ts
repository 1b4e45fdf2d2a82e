import { z } from 'zod'

type Json = Record<string, unknown>
const made = new WeakMap<z.ZodType, Json>()
const kept = new Set([
  'type',
  'enum',
  'const',
  'anyOf',
  'items',
  'properties',
  'required',
  '$ref',
  '$defs',
  'description',
  'title',
])
/** Dropped silently: they constrain nothing that the model could know. */
const silent = new Set(['$schema', 'additionalProperties', 'default', '$id', 'id'])

/**
 * The JSON Schema of an answer in the subset that every provider's strict mode takes: every property required, no
 * others allowed, no bounds. A bound moves into the description, where the model reads it; our own validation
 * enforces it. Throws TypeError for a schema with an optional property: strict mode knows none (use nullable).
 */
export function answerSchema(type: z.ZodType): Json {
  const known = made.get(type)
  if (known) return known
  const schema = strict(z.toJSONSchema(type, { io: 'input' }), '$')
  made.set(type, schema)
  return schema
}

function strict(node: Json, at: string): Json {
  const out: Json = {}
  const bounds: string[] = []
  for (const [key, value] of Object.entries(node)) {
    if (key === 'oneOf' || key === 'anyOf') out.anyOf = (value as Json[]).map(each => strict(each, at))
    else if (key === 'items') out.items = strict(value as Json, `${at}[]`)
    else if (key === 'properties' || key === '$defs') out[key] = strictEach(value as Record<string, Json>, at)
    else if (kept.has(key)) out[key] = value
    else if (!silent.has(key)) bounds.push(`${key}: ${JSON.stringify(value)}`)
  }
  if (out.properties) {
    const names = Object.keys(out.properties)
    const required = (node.required ?? []) as string[]
    const optional = names.find(name => !required.includes(name))
    if (optional) throw new TypeError(`answer schema: ${at}.${optional} is optional; make it nullable`)
    out.additionalProperties = false
  }
  if (bounds.length > 0)
    out.description = [out.description, `(${bounds.join(', ')})`].filter(Boolean).join(' ')
  return out
}

function strictEach(nodes: Record<string, Json>, at: string): Json {
  return Object.fromEntries(
    Object.entries(nodes).map(([name, node]) => [name, strict(node, `${at}.${name}`)]),
  )
}
