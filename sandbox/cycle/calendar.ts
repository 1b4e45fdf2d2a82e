import type pg from 'pg'

/** The audit log's chain hashes its times: they stay as they are. */
const schemas = ['production', 'experiments_v1', 'gate', 'quarantine']
/** Further than any life goes. */
const FAR_DAYS = 100_000

/** Times within JSON, in ms since 1970, or (`text`) as ISO 8601: by table and column the paths to them. */
const inside = [
  {
    table: 'gate.scores',
    column: 'figures',
    ms: ['evidence,from', 'evidence,to', 'evidence,auditedFrom', 'evidence,auditedTo'],
    text: ['cut,runsTo'],
  },
  { table: 'gate.verdicts', column: 'evidence', ms: [], text: ['cut,runsTo'] },
  { table: 'gate.tallies', column: 'sums', ms: ['taken,first', 'taken,last'], text: [] },
] as const

interface Timed {
  name: string
  times: string[] | null
  dates: string[] | null
  in_key: boolean
}

/** Virtual days: the past is moved back, so that every clock of the system stays the real one. */
export interface Calendar {
  day(): number
  /** Lets so many whole days pass, at once. Nothing may be under way. */
  pass(days: number): Promise<void>
}

/**
 * Moves every stored time back, with the owner's rights and without triggers: what was an hour ago is a day and an hour ago.
 * No time of the system is written anywhere else for longer than a day's work takes.
 */
export async function startCalendar(owner: pg.Pool): Promise<Calendar> {
  const { rows } = await owner.query<Timed>(
    `select c.oid::regclass::text as name,
       array_agg(quote_ident(a.attname) order by a.attnum) filter (where a.atttypid = 'timestamptz'::regtype) as times,
       array_agg(quote_ident(a.attname) order by a.attnum) filter (where a.atttypid = 'date'::regtype) as dates,
       bool_or(exists (
         select 1 from pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey)
       )) as in_key
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and a.atttypid in ('timestamptz'::regtype, 'date'::regtype) and n.nspname = any ($1)
     group by c.oid order by 1`,
    [schemas],
  )
  let today = 0
  return {
    day: () => today,
    async pass(days) {
      const client = await owner.connect()
      try {
        await client.query('begin')
        await client.query('set local session_replication_role = replica')
        for (const table of rows) for (const statement of shifts(table, days)) await client.query(statement)
        for (const statement of insideShifts(days)) await client.query(statement)
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      } finally {
        client.release()
      }
      today += days
    },
  }
}

/** A time may be in a key: then in two steps, so that no row ever stands on the place of another. */
function shifts({ name, times, dates, in_key: inKey }: Timed, days: number): string[] {
  const by = (moved: number): string =>
    `update ${name} set ${[
      ...(times ?? []).map(column => `${column} = ${column} + interval '${moved * 24} hours'`),
      ...(dates ?? []).map(column => `${column} = ${column} + ${moved}`),
    ].join(', ')}`
  return inKey ? [by(FAR_DAYS), by(-FAR_DAYS - days)] : [by(-days)]
}

function insideShifts(days: number): string[] {
  return inside.map(({ table, column, ms, text }) => {
    const moved = [
      ...ms.map(path => [path, `to_jsonb((v #>> '{${path}}')::float8 - ${days * 86_400_000})`]),
      ...text.map(path => [
        path,
        `to_jsonb(to_char(((v #>> '{${path}}')::timestamptz - interval '${days * 24} hours') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))`,
      ]),
    ]
    const value = moved.reduce(
      (inner, [path, then]) =>
        `(select case when v #>> '{${path}}' is null then v else jsonb_set(v, '{${path}}', ${then}) end from (select ${inner} as v) x)`,
      `${column}::jsonb`,
    )
    return `update ${table} set ${column} = (${value})::json`
  })
}
