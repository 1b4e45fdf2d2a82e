import type { Actor } from './auth.ts'
import type { User } from './state.ts'
import { Refusal, type World } from './world.ts'

export interface GraphQLContext {
  world: World
  actor: Actor
}

// Each type's resolvers know what their source is; the executor does not.
// oxlint-disable-next-line typescript/no-explicit-any
export type Source = any

export interface Field {
  type: string
  /** In GraphQL's own words: `Int!`, `[ID!]!`. */
  args?: Record<string, string>
  resolve: (source: Source, args: Record<string, unknown>, context: GraphQLContext) => unknown
}

export interface TypeDefinition {
  fields: Record<string, Field>
  /** For interfaces and unions: the name of the object type a value is of. */
  typeOf?: (source: Source) => string
  possible?: string[]
}

export const scalar = (
  type: string,
  resolve: (source: Source, context: GraphQLContext) => unknown,
): Field => ({
  type,
  resolve: (source, _args, context) => resolve(source, context),
})
export const stamp = (date: Date | null): string | null =>
  date === null ? null : date.toISOString().replace(/\.\d+Z$/, 'Z')

export interface Connection {
  items: unknown[]
  all: unknown[]
  from: number
}

/** A list cut by first/last and before/after cursors; a cursor is the index of its element. */
export const connection = (
  type: string,
  list: (source: Source, context: GraphQLContext) => unknown[] | Promise<unknown[]>,
): Field => ({
  type: `${type}Connection`,
  args: { first: 'Int', last: 'Int', after: 'String', before: 'String' },
  resolve: async (source, args, context): Promise<Connection> => {
    const { first, last } = args
    for (const [name, size] of Object.entries({ first, last })) {
      if (size === undefined || size === null) continue
      if (!Number.isInteger(size) || Number(size) < 1 || Number(size) > 100) {
        throw new Refusal(
          422,
          `Requesting ${JSON.stringify(size)} records on the connection exceeds the \`${name}\` limit of 100 records.`,
        )
      }
    }
    if (typeof first !== 'number' && typeof last !== 'number') {
      throw new Refusal(
        422,
        'You must provide a `first` or `last` value to properly paginate the connection.',
      )
    }
    const all = await list(source, context)
    const from =
      typeof args['after'] === 'string' ? Number(Buffer.from(args['after'], 'base64').toString()) + 1 : 0
    const to =
      typeof args['before'] === 'string'
        ? Number(Buffer.from(args['before'], 'base64').toString())
        : all.length
    const end = typeof first === 'number' ? Math.min(from + first, to) : to
    const start = typeof last === 'number' ? Math.max(from, end - last) : from
    return { items: all.slice(start, end), all, from: start }
  },
})

export const connectionType = (type: string): TypeDefinition => ({
  fields: {
    nodes: { type, resolve: (source: Connection) => source.items },
    totalCount: scalar('Int', (source: Connection) => source.all.length),
    pageInfo: { type: 'PageInfo', resolve: (source: Connection) => source },
  },
})

const cursor = (index: number): string => Buffer.from(String(index)).toString('base64')

export const pageInfo: TypeDefinition = {
  fields: {
    hasNextPage: scalar(
      'Boolean',
      (source: Connection) => source.from + source.items.length < source.all.length,
    ),
    hasPreviousPage: scalar('Boolean', (source: Connection) => source.from > 0),
    startCursor: scalar('String', (source: Connection) =>
      source.items.length === 0 ? null : cursor(source.from),
    ),
    endCursor: scalar('String', (source: Connection) =>
      source.items.length === 0 ? null : cursor(source.from + source.items.length - 1),
    ),
  },
}

export const me = (actor: Actor, world: World): User => {
  if (actor.kind === 'user') return actor.user
  if (actor.kind === 'installation') return world.app.bot
  throw new Refusal(401, 'Requires authentication')
}
