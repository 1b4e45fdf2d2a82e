import type { z } from 'zod'
import { didYouMean } from './did-you-mean.ts'
import { repositoryConfigurationSchema } from './repository-configuration.ts'

/** A validation issue in the words of somebody who writes YAML. */
export interface Described {
  path: readonly PropertyKey[]
  message: string
  cure: string
}

type Issue = z.core.$ZodIssue

/** `root` is the value that was validated. A union's issue becomes those of the branch that was meant. */
export function describeIssue(issue: Issue, root: unknown): Described[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => ({ path: [...issue.path, key], ...unknownKey(key, issue.path) }))
    case 'invalid_union':
      return describeUnion(issue, root)
    case 'invalid_type':
      return [{ path: issue.path, ...wrongType(issue, root) }]
    case 'invalid_value': {
      const values = issue.values.map(String)
      const near = didYouMean(String(valueAt(root, issue.path)), values)
      const cure = near
        ? `did you mean \`${near}\`?`
        : `write one of ${values.map(v => `\`${v}\``).join(', ')}`
      return [{ path: issue.path, message: 'not one of the allowed words', cure }]
    }
    case 'too_big':
      return [{ path: issue.path, ...outOfRange('at most', Number(issue.maximum), issue.origin) }]
    case 'too_small':
      return [{ path: issue.path, ...outOfRange('at least', Number(issue.minimum), issue.origin) }]
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

function describeUnion(issue: Extract<Issue, { code: 'invalid_union' }>, root: unknown): Described[] {
  // The branch that was meant is the one that accepts the value's type and objects only to what is inside.
  const meant = issue.errors.find(
    branch => !branch.some(one => one.code === 'invalid_type' && one.path.length === 0),
  )
  if (meant) {
    return meant.flatMap(one => describeIssue({ ...one, path: [...issue.path, ...one.path] }, root))
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
  return { message: 'wrong type', cure: `write ${typeName(issue.expected)}` }
}

function typeName(expected: string): string {
  switch (expected) {
    case 'boolean':
      return 'true or false'
    case 'int':
      return 'a whole number'
    case 'number':
      return 'a whole number'
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

function unknownKey(key: string, parent: readonly PropertyKey[]): { message: string; cure: string } {
  const known = keysAt(repositoryConfigurationSchema, parent)
  const near = didYouMean(key, known)
  const cure = near
    ? `did you mean \`${near}\`?`
    : `known keys here: ${known.map(k => `\`${k}\``).join(', ')}`
  return { message: 'unknown key', cure }
}

interface Inner {
  shape?: Record<string, Inner>
  element?: Inner
  def?: { innerType?: Inner; options?: readonly Inner[] }
}

/** The keys that a map at this path may have, read from the schema itself. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const inner = schema as Inner
  if (inner.def?.innerType) return keysAt(inner.def.innerType, path)
  if (inner.def?.options) return inner.def.options.flatMap(option => keysAt(option, path))
  if (inner.element) return keysAt(inner.element, path.slice(1))
  if (!inner.shape) return []
  const [step, ...rest] = path
  return step === undefined ? Object.keys(inner.shape) : keysAt(inner.shape[String(step)] ?? {}, rest)
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}
