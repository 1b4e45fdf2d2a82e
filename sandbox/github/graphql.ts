import type { Actor } from './auth.ts'
import {
  parseDocument,
  type Document,
  type Selection,
  type Value,
  type VariableDefinition,
} from './graphql-parser.ts'
import { ENUMS, INPUTS, SCHEMA } from './graphql-schema.ts'
import type { Field, GraphQLContext, Source } from './graphql-types.ts'
import { Refusal, type World } from './world.ts'

export interface GraphQLAnswer {
  data?: unknown
  errors?: { type?: string; message: string; path?: (string | number)[] }[]
}

/** A mistake in the query itself: the whole query is refused, as by GitHub. */
class QueryError extends Error {}

const evaluate = (value: Value, variables: Record<string, unknown>): unknown => {
  switch (value.kind) {
    case 'literal':
    case 'enum':
      return value.value
    case 'variable':
      return variables[value.name]
    case 'list':
      return value.items.map(item => evaluate(item, variables))
    case 'object':
      return Object.fromEntries(
        Object.entries(value.fields).map(([key, one]) => [key, evaluate(one, variables)]),
      )
  }
}

/** A variable may promise more than its place asks for, never less: `ID!` where `ID` is taken. */
const fits = (given: string, wanted: string): boolean => given === wanted || given === `${wanted}!`

const LITERALS: Record<string, (value: unknown) => boolean> = {
  Int: Number.isInteger,
  Boolean: value => typeof value === 'boolean',
  String: value => typeof value === 'string',
  ID: value => typeof value === 'string' || Number.isInteger(value),
}

/** Throws when `value` may not stand where `wanted` is asked for. */
const checkValue = (
  value: Value,
  wanted: string,
  where: string,
  variables: ReadonlyMap<string, VariableDefinition>,
): void => {
  const refuse = (why: string) => new QueryError(`Argument ${where} has an invalid value: ${why}`)
  const bare = wanted.replace(/!$/, '')
  if (value.kind === 'variable') {
    const declared = variables.get(value.name)
    if (declared === undefined) throw new QueryError(`Variable $${value.name} is used but not declared`)
    const type = declared.fallback !== null && wanted.endsWith('!') ? `${declared.type}!` : declared.type
    if (!fits(type, wanted))
      throw new QueryError(
        `Type mismatch on variable $${value.name} and argument ${where} (${declared.type} / ${wanted})`,
      )
    return
  }
  if (value.kind === 'list') {
    const item = /^\[(.*)\]$/.exec(bare)?.[1]
    if (item === undefined) throw refuse('a list')
    for (const one of value.items) checkValue(one, item, where, variables)
    return
  }
  if (value.kind === 'object') {
    const fields = INPUTS[bare]
    if (fields === undefined) throw refuse('an object')
    for (const [name, one] of Object.entries(value.fields)) {
      const type = fields[name]
      if (type === undefined) throw new QueryError(`InputObject '${bare}' doesn't accept argument '${name}'`)
      checkValue(one, type, name, variables)
    }
    for (const [name, type] of Object.entries(fields))
      if (type.endsWith('!') && value.fields[name] === undefined) throw refuse(`${name} is missing`)
    return
  }
  const words = ENUMS[bare]
  if (words !== undefined && (value.kind !== 'enum' || !words.includes(value.value)))
    throw refuse(`expected one of ${words.join(', ')}`)
  if (value.kind === 'literal' && value.value === null && wanted !== bare) throw refuse('null')
  if (value.kind === 'literal' && value.value !== null && LITERALS[bare]?.(value.value) === false)
    throw refuse(`expected type '${wanted}'`)
}

const variableNames = (value: Value): string[] => {
  if (value.kind === 'variable') return [value.name]
  if (value.kind === 'list') return value.items.flatMap(variableNames)
  return value.kind === 'object' ? Object.values(value.fields).flatMap(variableNames) : []
}

const fieldOf = (type: string, name: string): Field | undefined =>
  name === '__typename' ? { type: 'String', resolve: () => undefined } : SCHEMA[type]?.fields[name]

/** Finds everything wrong with a query before anything is run: fields, arguments, variables, leaves. */
const check = (document: Document, root: string): void => {
  const declared = new Map(document.operation.variables.map(variable => [variable.name, variable]))
  const used = new Set<string>()
  const visit = (type: string, selections: readonly Selection[]): void => {
    for (const selection of selections) {
      if (selection.kind === 'spread') {
        const fragment = document.fragments.get(selection.name)
        if (fragment === undefined)
          throw new QueryError(`Fragment ${selection.name} was used, but not defined`)
        visit(fragment.on, fragment.selections)
        continue
      }
      if (selection.kind === 'inline') {
        if (selection.on !== null && SCHEMA[selection.on] === undefined) {
          throw new QueryError(`No such type ${selection.on}, so it can't be a fragment condition`)
        }
        visit(selection.on ?? type, selection.selections)
        continue
      }
      const field = fieldOf(type, selection.name)
      if (field === undefined)
        throw new QueryError(`Field '${selection.name}' doesn't exist on type '${type}'`)
      for (const [name, value] of Object.entries(selection.args)) {
        const wanted = field.args?.[name]
        if (wanted === undefined) {
          throw new QueryError(`Field '${selection.name}' doesn't accept argument '${name}'`)
        }
        checkValue(value, wanted, name, declared)
        for (const variable of variableNames(value)) used.add(variable)
      }
      for (const [name, need] of Object.entries(field.args ?? {})) {
        if (need.endsWith('!') && selection.args[name] === undefined) {
          throw new QueryError(`Field '${selection.name}' is missing required arguments: ${name}`)
        }
      }
      const composite = SCHEMA[field.type] !== undefined
      if (composite && selection.selections === null) {
        throw new QueryError(
          `Field must have selections (field '${selection.name}' returns ${field.type} but has no selections)`,
        )
      }
      if (!composite && selection.selections !== null) {
        throw new QueryError(
          `Selections can't be made on scalars (field '${selection.name}' returns ${field.type})`,
        )
      }
      if (selection.selections !== null) visit(field.type, selection.selections)
    }
  }
  visit(root, document.operation.selections)
  for (const name of declared.keys())
    if (!used.has(name)) throw new QueryError(`Variable $${name} is declared by the query but not used`)
}

/** Runs a query or mutation; faults of single fields come beside the data, as GitHub answers them. */
export const executeGraphQL = async (
  world: World,
  actor: Actor,
  source: string,
  given: Record<string, unknown>,
): Promise<GraphQLAnswer> => {
  let document: Document
  const variables: Record<string, unknown> = {}
  try {
    document = parseDocument(source)
    check(document, document.operation.type === 'query' ? 'Query' : 'Mutation')
    for (const { name, type, fallback } of document.operation.variables) {
      variables[name] = given[name] ?? (fallback === null ? null : evaluate(fallback, {}))
      if (type.endsWith('!') && variables[name] === null) {
        throw new QueryError(`Variable $${name} of a required type was provided invalid value`)
      }
    }
  } catch (error) {
    return { errors: [{ message: error instanceof Error ? error.message : String(error) }] }
  }
  const errors: NonNullable<GraphQLAnswer['errors']> = []
  const context: GraphQLContext = { world, actor }

  const typeOf = (declared: string, value: Source): string => SCHEMA[declared]?.typeOf?.(value) ?? declared
  const applies = (on: string | null, type: string): boolean =>
    on === null || on === type || (SCHEMA[on]?.possible?.includes(type) ?? false)

  const complete = async (
    declared: string,
    value: unknown,
    selections: readonly Selection[] | null,
    path: (string | number)[],
  ): Promise<unknown> => {
    if (value === null || value === undefined) return null
    if (Array.isArray(value)) {
      return Promise.all(value.map((item, index) => complete(declared, item, selections, [...path, index])))
    }
    if (selections === null) return value
    const into: Record<string, unknown> = {}
    await select(typeOf(declared, value as Source), value as Source, selections, path, into)
    return into
  }

  const select = async (
    type: string,
    value: Source,
    selections: readonly Selection[],
    path: (string | number)[],
    into: Record<string, unknown>,
  ): Promise<void> => {
    const one = async (selection: Selection): Promise<void> => {
      if (selection.kind !== 'field') {
        const fragment = selection.kind === 'inline' ? selection : document.fragments.get(selection.name)
        if (fragment !== undefined && applies(fragment.on, type))
          await select(type, value, fragment.selections, path, into)
        return
      }
      const here = [...path, selection.alias]
      // Set first, so that the answer's keys stand in the query's order whatever resolves first.
      into[selection.alias] ??= null
      if (selection.name === '__typename') {
        into[selection.alias] = type
        return
      }
      const field = fieldOf(type, selection.name)
      if (field === undefined) return
      const args = Object.fromEntries(
        Object.entries(selection.args).map(([key, arg]) => [key, evaluate(arg, variables)]),
      )
      try {
        const resolved = await complete(
          field.type,
          await field.resolve(value, args, context),
          selection.selections,
          here,
        )
        const known = into[selection.alias]
        into[selection.alias] =
          known !== null && typeof known === 'object' && !Array.isArray(known)
            ? { ...known, ...(resolved as object) }
            : resolved
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        const type = error.status === 403 ? 'FORBIDDEN' : error.status === 404 ? 'NOT_FOUND' : 'UNPROCESSABLE'
        errors.push({ type, path: here, message: error.message })
      }
    }
    // Mutations run one after the other, by GraphQL's own rule.
    if (type === 'Mutation') for (const selection of selections) await one(selection)
    else await Promise.all(selections.map(one))
  }

  const root = document.operation.type === 'query' ? 'Query' : 'Mutation'
  const data: Record<string, unknown> = {}
  await select(root, {}, document.operation.selections, [], data)
  return errors.length === 0 ? { data } : { data, errors }
}
