import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** OpenAPI 3.0's `nullable` in the words of JSON Schema. */
const plain = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(plain)
  if (!isObject(node)) return node
  const { nullable, ...rest } = node
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, plain(value)]))
  return nullable === true ? { anyOf: [{ type: 'null' }, inner] } : inner
}

/** GitHub ignores properties it does not know; here they are an error, because nobody sends them on purpose. */
const closed = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(closed)
  if (!isObject(node)) return node
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  const open = !isObject(node['properties']) || node['additionalProperties'] !== undefined
  return open ? inner : { ...inner, additionalProperties: false }
}

/** What the description leaves open and GitHub refuses all the same. Answers the complaint. */
const RULES: Record<string, (body: Json) => string | null> = {
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews': body => {
    for (const comment of (body['comments'] ?? []) as Json[]) {
      for (const key of ['side', 'start_side']) {
        if (comment[key] !== undefined && comment[key] !== 'LEFT' && comment[key] !== 'RIGHT')
          return `${key} is not LEFT or RIGHT`
      }
      if (comment['line'] === undefined && comment['position'] === undefined) return 'a comment needs a line'
      if (comment['start_side'] !== undefined && comment['start_line'] === undefined)
        return 'start_side without start_line'
    }
    return null
  },
  'POST /repos/{owner}/{repo}/check-runs': body => completed(body),
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': body => completed(body),
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/comments': body =>
    body['in_reply_to'] === undefined && body['line'] === undefined && body['position'] === undefined
      ? 'a comment needs a line'
      : null,
}

const completed = (body: Json): string | null => {
  if (body['status'] === 'completed' && body['conclusion'] === undefined)
    return 'a completed check run needs a conclusion'
  const annotations = ((body['output'] as Json | undefined)?.['annotations'] ?? []) as Json[]
  for (const { start_line: start, end_line: end, start_column: column } of annotations) {
    if (Number(end) < Number(start)) return 'an annotation ends before it starts'
    if (column !== undefined && start !== end) return 'columns are for annotations of one line only'
  }
  return null
}

export interface Validation {
  /** The complaint, or null when the operation would take this query and body. */
  request: (operation: string, query: URLSearchParams, body: Json) => string | null
  response: (operation: string, status: number, body: unknown) => string | null
}

interface Parameter {
  name: string
  in: string
  schema: Json
}

/** What may stand in a GraphQL request beside the query; the query itself is checked by its execution. */
export const graphqlComplaint = (body: Json): string | null => {
  const unknown = Object.keys(body).filter(key => !['query', 'variables', 'operationName'].includes(key))
  return unknown.length === 0 ? null : `a GraphQL request takes no ${unknown.join(', ')}`
}

/** Checks by GitHub's published description (openapi.json); validators are compiled when first needed. */
export const createValidation = (): Validation => {
  const description = plain(JSON.parse(readFileSync(new URL('./openapi.json', import.meta.url), 'utf8'))) as {
    paths: Record<
      string,
      Record<
        string,
        {
          parameters?: (Parameter | { $ref: string })[]
          requestBody?: { content: Record<string, { schema: Json }> }
          responses: Record<string, { $ref?: string; content?: Record<string, { schema: Json }> }>
        }
      >
    >
    components: Record<string, Record<string, { content?: Record<string, { schema: Json }> }>> & {
      parameters: Record<string, Parameter>
    }
  }
  // The description forgets that a comment whose line is gone stands nowhere; it says so of some other schemas.
  for (const name of ['review-comment', 'pull-request-review-comment']) {
    const schema = description.components['schemas']?.[name] as { properties?: Json } | undefined
    for (const key of ['line', 'position'])
      if (schema?.properties) schema.properties[key] = { type: ['integer', 'null'] }
  }
  // It asks of an installation's account in a list what a user and an enterprise have together, and nobody has.
  const listed = description.paths['/app/installations']?.['get']?.responses['200']?.content
  if (listed)
    listed['application/json'] = {
      schema: { type: 'array', items: { $ref: '#/components/schemas/installation' } },
    }
  const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true })
  formats.default(ajv)
  ajv.addSchema({ $id: 'github', components: description.components })
  const compiled = new Map<string, ValidateFunction | null>()

  const rebased = (schema: unknown): unknown =>
    JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"github#/')) as unknown
  const validator = (key: string, schema: () => unknown): ValidateFunction | null => {
    const known = compiled.get(key)
    if (known !== undefined) return known
    const found = schema()
    const made = found === undefined ? null : ajv.compile(rebased(found) as Json)
    compiled.set(key, made)
    return made
  }
  const find = (operation: string) => {
    const [method = '', path = ''] = operation.split(' ')
    return description.paths[path]?.[method.toLowerCase()]
  }
  const complaint = (check: ValidateFunction | null, value: unknown): string | null => {
    if (check === null || check(value)) return null
    // With alternatives (or null) the deepest complaint is the one that tells what is wrong.
    const [first] = (check.errors ?? []).toSorted((a, b) => b.instancePath.length - a.instancePath.length)
    return `${first?.instancePath || '(body)'} ${first?.message} ${JSON.stringify(first?.params)}`
  }

  const queryComplaint = (operation: string, query: URLSearchParams): string | null => {
    const known = (find(operation)?.parameters ?? [])
      .map(one => ('$ref' in one ? description.components.parameters[one.$ref.split('/').at(-1) ?? ''] : one))
      .filter(one => one?.in === 'query')
    for (const [name, value] of query) {
      const parameter = known.find(one => one?.name === name)
      if (parameter === undefined) return `there is no query parameter ${name}`
      const check = validator(`query ${operation} ${name}`, () => parameter.schema)
      const integer = parameter.schema['type'] === 'integer'
      if (integer && !/^\d+$/.test(value)) return `query parameter ${name} is no number`
      const wrong = complaint(check, integer ? Number(value) : value)
      if (wrong !== null) return `query parameter ${name}: ${wrong}`
      // GitHub gives a hundred silently, and whoever counts pages by its own number misses some.
      if (name === 'per_page' && Number(value) > 100) return 'per_page is more than 100'
    }
    return null
  }

  return {
    request: (operation, query, body) => {
      const wrong = queryComplaint(operation, query)
      if (wrong !== null) return wrong
      if (find(operation)?.requestBody === undefined)
        return Object.keys(body).length === 0 ? null : `takes no body: ${Object.keys(body).join(', ')}`
      const check = validator(`request ${operation}`, () =>
        closed(find(operation)?.requestBody?.content['application/json']?.schema),
      )
      return complaint(check, body) ?? RULES[operation]?.(body) ?? null
    },
    response: (operation, status, body) => {
      const check = validator(`${status} ${operation}`, () => {
        const response = find(operation)?.responses[String(status)]
        const name = response?.$ref?.split('/').at(-1)
        const content =
          name === undefined ? response?.content : description.components['responses']?.[name]?.content
        return content?.['application/json']?.schema
      })
      return complaint(check, body)
    },
  }
}
