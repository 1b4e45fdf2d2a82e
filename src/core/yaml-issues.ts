import type { z } from 'zod'
import { didYouMean } from './did-you-mean.ts'

/** A validation issue in the words of somebody who writes YAML. */
export interface Described {
  path: readonly PropertyKey[]
  message: string
  cure: string
}

type Issue = z.core.$ZodIssue

/** `root` is the value that `schema` refused. A union's issue becomes those of the branch that was meant. */
export function describeIssue(issue: Issue, root: unknown, schema: z.ZodType): Described[] {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, issue.path, root)
      return issue.keys.map(key => ({ path: [...issue.path, key], ...unknownKey(key, known) }))
    }
    case 'invalid_union':
      return describeUnion(issue, root, schema)
    case 'invalid_type':
      return [{ path: issue.path, ...wrongType(issue, root, schema) }]
    case 'invalid_value':
      if (valueAt(root, issue.path) === undefined) return [missing(issue.path)]
      return [notAllowed(issue.path, issue.values.map(String), root)]
    // A whole number beyond those that JavaScript holds exactly breaks that limit first, and the schema's own in an issue after it.
    case 'too_big': {
      const limit = Number(issue.maximum)
      if (limit > (innerAt(schema, issue.path, root)?.maxValue ?? Infinity)) return []
      return [{ path: issue.path, ...outOfRange('at most', limit, issue.origin) }]
    }
    case 'too_small': {
      const limit = Number(issue.minimum)
      if (limit < (innerAt(schema, issue.path, root)?.minValue ?? -Infinity)) return []
      return [{ path: issue.path, ...outOfRange('at least', limit, issue.origin) }]
    }
    case 'custom':
      return [
        { path: issue.path, message: issue.message, cure: String(issue.params?.['cure'] ?? 'correct it') },
      ]
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
    default:
      return [{ path: issue.path, message: 'not a valid value', cure: 'see docs/configuration.md' }]
  }
}

function notAllowed(path: readonly PropertyKey[], words: readonly string[], root: unknown): Described {
  const near = didYouMean(String(valueAt(root, path)), words)
  const cure = near
    ? `did you mean \`${near}\`?`
    : `write one of ${words.map(word => `\`${word}\``).join(', ')}`
  return { path, message: 'not one of the allowed words', cure }
}

function describeUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  schema: z.ZodType,
): Described[] {
  // The key that says which branch is meant says none of them.
  if ('options' in issue && issue.options) {
    if (valueAt(root, issue.path) === undefined) return [missing(issue.path)]
    return [notAllowed(issue.path, issue.options.map(String), root)]
  }
  // The branch that was meant is the one that accepts the value's type and objects only to what is inside.
  const meant = issue.errors.find(
    branch => !branch.some(one => one.code === 'invalid_type' && one.path.length === 0),
  )
  if (meant) {
    return meant.flatMap(one => describeIssue({ ...one, path: [...issue.path, ...one.path] }, root, schema))
  }
  const types = issue.errors.flatMap(branch =>
    branch.flatMap(one => (one.code === 'invalid_type' ? [typeName(one.expected)] : [])),
  )
  if (valueAt(root, issue.path) === undefined) return [missing(issue.path)]
  return [{ path: issue.path, message: 'wrong type', cure: `write ${[...new Set(types)].join(' or ')}` }]
}

function missing(path: readonly PropertyKey[]): Described {
  return { path, message: 'the key is missing', cure: `add \`${String(path.at(-1))}\`` }
}

function wrongType(
  issue: Extract<Issue, { code: 'invalid_type' }>,
  root: unknown,
  schema: z.ZodType,
): { message: string; cure: string } {
  const value = valueAt(root, issue.path)
  if (value === undefined) return missing(issue.path)
  // YAML 1.1 read these words as booleans; 1.2 reads them as text.
  if (issue.expected === 'boolean' && typeof value === 'string' && /^(yes|no|on|off|y|n)$/i.test(value)) {
    return {
      message: `\`${value}\` is text in YAML 1.2`,
      cure: /^(yes|on|y)$/i.test(value) ? 'write true' : 'write false',
    }
  }
  const inner = innerAt(schema, issue.path, root)
  const whole = issue.expected === 'number' && inner?.def?.format === 'safeint'
  return { message: 'wrong type', cure: `write ${typeName(whole ? 'int' : issue.expected)}` }
}

function typeName(expected: string): string {
  switch (expected) {
    case 'boolean':
      return 'true or false'
    case 'int':
      return 'a whole number'
    case 'number':
      return 'a number'
    case 'string':
      return 'text (put it in quotes)'
    case 'array':
      return 'a list'
    case 'object':
      return 'a map of keys'
    default:
      return expected
  }
}

function outOfRange(bound: string, limit: number, origin: string): { message: string; cure: string } {
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''
  return { message: 'out of range', cure: `${bound} ${limit}${unit}` }
}

function unknownKey(key: string, known: readonly string[]): { message: string; cure: string } {
  const near = didYouMean(key, known)
  const cure = near
    ? `did you mean \`${near}\`?`
    : `known keys here: ${known.map(k => `\`${k}\``).join(', ')}`
  return { message: 'unknown key', cure }
}

interface Inner {
  shape?: Record<string, Inner>
  element?: Inner
  minValue?: number | null
  maxValue?: number | null
  def?: {
    innerType?: Inner
    valueType?: Inner
    options?: readonly Inner[]
    discriminator?: string
    format?: string
    values?: readonly unknown[]
  }
}

/** The keys that a map at this path may have, read from the schema itself. */
function keysAt(schema: unknown, path: readonly PropertyKey[], root: unknown): string[] {
  const inner = innerAt(schema, path, root)
  const options = inner?.def?.options ?? (inner ? [inner] : [])
  return [...new Set(options.flatMap(option => Object.keys(option.shape ?? {})))]
}

/** The schema at this path; of a union told apart by a key the branch that `value` names, else the first that goes on. */
function innerAt(schema: unknown, path: readonly PropertyKey[], value: unknown): Inner | undefined {
  const inner = schema as Inner | undefined
  if (inner?.def?.innerType) return innerAt(inner.def.innerType, path, value)
  const { options, discriminator } = inner?.def ?? {}
  if (options && discriminator) {
    const said = valueAt(value, [discriminator])
    const meant = options.find(option => option.shape?.[discriminator]?.def?.values?.includes(said))
    return meant ? innerAt(meant, path, value) : path.length === 0 ? inner : undefined
  }
  const [step, ...rest] = path
  if (step === undefined) return inner
  const below = valueAt(value, [step])
  if (options) return options.map(option => innerAt(option, path, value)).find(found => found !== undefined)
  const each = inner?.element ?? inner?.def?.valueType
  return each
    ? innerAt(each, rest, below)
    : inner?.shape && Object.hasOwn(inner.shape, step)
      ? innerAt(inner.shape[String(step)], rest, below)
      : undefined
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}
