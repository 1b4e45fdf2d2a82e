/** The part of GraphQL's language that clients of this server use: no directives, no subscriptions. */
export type Value =
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'enum'; value: string }
  | { kind: 'variable'; name: string }
  | { kind: 'list'; items: Value[] }
  | { kind: 'object'; fields: Record<string, Value> }

export type Selection =
  | {
      kind: 'field'
      alias: string
      name: string
      args: Record<string, Value>
      selections: Selection[] | null
    }
  | { kind: 'spread'; name: string }
  | { kind: 'inline'; on: string | null; selections: Selection[] }

export interface VariableDefinition {
  name: string
  /** As written: `[ID!]!`. */
  type: string
  fallback: Value | null
}

export interface Document {
  operation: { type: 'query' | 'mutation'; variables: VariableDefinition[]; selections: Selection[] }
  fragments: Map<string, { on: string; selections: Selection[] }>
}

class GraphQLSyntaxError extends Error {}

const TOKEN =
  /[\s,\uFEFF]+|#[^\n\r]*|(\.\.\.|[!$&()=:@[\]{|}])|([_A-Za-z]\w*)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*")/y

const tokensOf = (source: string): string[] => {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(source)
    if (match === null)
      throw new GraphQLSyntaxError(`Parse error on ${JSON.stringify(source.slice(at, at + 10))}`)
    const token = match[1] ?? match[2] ?? match[3] ?? match[4]
    if (token !== undefined) tokens.push(token)
  }
  return tokens
}

/** Throws GraphQLSyntaxError. One operation per document. */
export const parseDocument = (source: string): Document => {
  const tokens = tokensOf(source)
  let at = 0
  const peek = (): string => tokens[at] ?? '<end>'
  const take = (): string => tokens[at++] ?? '<end>'
  const expect = (token: string): void => {
    const found = take()
    if (found !== token) throw new GraphQLSyntaxError(`Parse error on "${found}": expected "${token}"`)
  }
  const skip = (token: string): boolean => peek() === token && take() === token
  const name = (): string => {
    const found = take()
    if (!/^[_A-Za-z]/.test(found)) throw new GraphQLSyntaxError(`Parse error on "${found}": expected a name`)
    return found
  }

  const value = (): Value => {
    const token = take()
    if (token === '$') return { kind: 'variable', name: name() }
    if (token === '[') {
      const items: Value[] = []
      while (!skip(']')) items.push(value())
      return { kind: 'list', items }
    }
    if (token === '{') {
      const fields: Record<string, Value> = {}
      while (!skip('}')) {
        const key = name()
        expect(':')
        fields[key] = value()
      }
      return { kind: 'object', fields }
    }
    if (token.startsWith('"""')) return { kind: 'literal', value: token.slice(3, -3).trim() }
    if (token.startsWith('"')) return { kind: 'literal', value: JSON.parse(token) as string }
    if (/^-?\d/.test(token)) return { kind: 'literal', value: Number(token) }
    if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' }
    if (token === 'null') return { kind: 'literal', value: null }
    if (/^[_A-Za-z]/.test(token)) return { kind: 'enum', value: token }
    throw new GraphQLSyntaxError(`Parse error on "${token}"`)
  }

  const selections = (): Selection[] => {
    expect('{')
    const found: Selection[] = []
    while (!skip('}')) {
      if (skip('...')) {
        if (peek() === '{') found.push({ kind: 'inline', on: null, selections: selections() })
        else if (skip('on')) found.push({ kind: 'inline', on: name(), selections: selections() })
        else found.push({ kind: 'spread', name: name() })
        continue
      }
      const first = name()
      const field = skip(':') ? name() : first
      const args: Record<string, Value> = {}
      if (skip('(')) {
        while (!skip(')')) {
          const key = name()
          expect(':')
          args[key] = value()
        }
      }
      if (peek() === '@') throw new GraphQLSyntaxError('directives are not served here')
      found.push({
        kind: 'field',
        alias: first,
        name: field,
        args,
        selections: peek() === '{' ? selections() : null,
      })
    }
    if (found.length === 0) throw new GraphQLSyntaxError('Parse error: an empty selection')
    return found
  }

  const typeName = (): string => {
    let found: string
    if (skip('[')) {
      found = `[${typeName()}]`
      expect(']')
    } else found = name()
    return skip('!') ? `${found}!` : found
  }

  const variables = (): VariableDefinition[] => {
    const found: VariableDefinition[] = []
    if (!skip('(')) return found
    while (!skip(')')) {
      expect('$')
      const variable = name()
      expect(':')
      const type = typeName()
      found.push({ name: variable, type, fallback: skip('=') ? value() : null })
    }
    return found
  }

  let operation: Document['operation'] | null = null
  const fragments: Document['fragments'] = new Map()
  while (at < tokens.length) {
    if (skip('fragment')) {
      const fragment = name()
      expect('on')
      fragments.set(fragment, { on: name(), selections: selections() })
      continue
    }
    if (operation !== null) throw new GraphQLSyntaxError('one operation per document')
    const type = peek() === '{' ? 'query' : name()
    if (type !== 'query' && type !== 'mutation') throw new GraphQLSyntaxError(`Parse error on "${type}"`)
    if (peek() !== '{' && peek() !== '(') name()
    operation = { type, variables: variables(), selections: selections() }
  }
  if (operation === null)
    throw new GraphQLSyntaxError('A query attribute must be specified and must be a string.')
  return { operation, fragments }
}
