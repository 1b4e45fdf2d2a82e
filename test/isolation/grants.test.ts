import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type pg from 'pg'
import { queueSchemas } from '../../src/adapters/postgres/migrate.ts'
import { roles, type Role } from '../../src/adapters/postgres/roles.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import {
  attempt,
  columnsOf,
  doorsOf,
  privileges,
  relations,
  rightsOf,
  schemasOf,
  sequencesOf,
  tables,
  writable,
  type Right,
} from './grant-matrix.ts'

let database: TestDatabase
let owner: pg.Pool
const pools = new Map<Role, pg.Pool>()
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  for (const role of roles) pools.set(role, database.pool(role, 1))
})
afterAll(() => database.drop())

/** Null, or the SQLSTATE of the refusal. What is allowed is rolled back. */
async function refusal(role: Role, text: string): Promise<string | null> {
  const client = await pools.get(role)?.connect()
  if (!client) throw new Error(`no pool for ${role}`)
  try {
    await client.query('begin')
    await client.query(text)
    return null
  } catch (error) {
    return (error as { code?: string }).code ?? 'none'
  } finally {
    await client.query('rollback')
    client.release()
  }
}

describe('the catalogue', () => {
  test('holds the tables and views of the matrix and no others', async () => {
    const { rows } = await owner.query<{ name: string }>(relations)
    expect(rows.map(row => row.name)).toEqual(Object.keys(tables).toSorted())
  })

  test.each(roles)('lets %s do to tables and views what the matrix says and nothing else', async role => {
    const { rows } = await owner.query<{ name: string; right: Right | 'TRUNCATE'; whole: boolean }>(
      privileges,
      [role],
    )
    const granted: Record<string, string[]> = {}
    for (const row of rows) (granted[row.name] ??= []).push(row.whole ? row.right : `${row.right} some`)
    expect(granted).toEqual(rightsOf(role))
  })

  test.each(roles)('names the columns of %s where it is granted some only', async role => {
    const { rows } = await owner.query<{ what: string; columns: string[] }>(
      `select format('%s %s.%s', a.privilege_type, n.nspname, c.relname) as what,
         array_agg(t.attname::text order by t.attname::text) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute t on t.attrelid = c.oid and t.attacl is not null
       cross join aclexplode(t.attacl) a
       where a.grantee = $1::regrole and n.nspname !~ '^(pg_|information_schema)' group by 1 order by 1`,
      [role],
    )
    expect(Object.fromEntries(rows.map(row => [row.what, row.columns]))).toEqual(columnsOf[role] ?? {})
  })

  test.each(roles)('lets %s into its own schemas only, and creates in none but its queue’s', async role => {
    const { rows } = await owner.query<{ name: string; creates: boolean }>(
      `select nspname::text as name, has_schema_privilege($1, oid, 'CREATE') as creates from pg_namespace
       where nspname !~ '^(pg_|information_schema)'
         and (has_schema_privilege($1, oid, 'USAGE') or has_schema_privilege($1, oid, 'CREATE')) order by 1`,
      [role],
    )
    expect(rows.map(row => row.name)).toEqual(schemasOf[role])
    expect(rows.filter(row => row.creates).map(row => row.name)).toEqual(
      schemasOf[role].filter(name => name in queueSchemas),
    )
  })

  test.each(roles)('lets %s through its doors only', async role => {
    const { rows } = await owner.query<{ name: string }>(
      `select n.nspname || '.' || p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname !~ '^(pg_|information_schema|queue_)' and has_function_privilege($1, p.oid, 'EXECUTE')
       order by 1`,
      [role],
    )
    expect(rows.map(row => row.name)).toEqual(doorsOf[role])
  })

  test.each(roles)('lets %s touch sequences of its queues and its own only', async role => {
    const { rows } = await owner.query<{ schema: string; name: string }>(
      `select n.nspname::text as schema, n.nspname || '.' || c.relname as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where case when c.relkind = 'S' then has_sequence_privilege($1, c.oid, 'USAGE,SELECT,UPDATE') end
       order by 2`,
      [role],
    )
    const queues = rows.filter(row => row.schema in queueSchemas).map(row => row.schema)
    expect([...new Set(queues)]).toEqual(schemasOf[role].filter(name => name in queueSchemas))
    expect(rows.filter(row => !(row.schema in queueSchemas)).map(row => row.name)).toEqual(
      sequencesOf[role] ?? [],
    )
  })

  test('lets the public execute no function and use no type, table or schema of ours', async () => {
    const { rows } = await owner.query(
      `select p.oid::regprocedure::text as what from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         where a.grantee = 0 and n.nspname !~ '^(pg_|information_schema)'
       union all select t.oid::regtype::text from pg_type t join pg_namespace n on n.oid = t.typnamespace
         cross join aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) a
         where a.grantee = 0 and n.nspname !~ '^(pg_|information_schema)' and t.typtype in ('e', 'd')
       union all select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         cross join aclexplode(c.relacl) a where a.grantee = 0 and n.nspname !~ '^(pg_|information_schema)'
       union all select n.nspname from pg_namespace n cross join aclexplode(n.nspacl) a
         where a.grantee = 0 and n.nspname !~ '^(pg_|information_schema)'
       union all select d.datname from pg_database d cross join aclexplode(d.datacl) a
         where a.grantee = 0 and d.datname = current_database()`,
    )
    expect(rows).toEqual([])
  })

  test.each(roles)('has %s own nothing, be no superuser and be in no other role', async role => {
    const { rows } = await owner.query(
      `select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication,
         exists (select from pg_shdepend where refobjid = r.oid and refclassid = 'pg_authid'::regclass
           and classid <> 'pg_default_acl'::regclass and deptype = 'o' and dbid = (select oid from pg_database where datname = current_database())) as owns,
         exists (select from pg_auth_members where member = r.oid) as member
       from pg_roles r where rolname = $1`,
      [role],
    )
    expect(rows).toHaveLength(1)
    expect(new Set(Object.values(rows[0] as object))).toEqual(new Set([false]))
  })

  test('has every function that runs as the owner look for names in pg_catalog first and pg_temp last', async () => {
    const { rows } = await owner.query<{ name: string; config: string[] }>(
      `select p.oid::regprocedure::text as name, p.proconfig as config from pg_proc p
       join pg_namespace n on n.oid = p.pronamespace
       where p.prosecdef and n.nspname !~ '^(pg_|information_schema)'`,
    )
    expect(rows.length).toBeGreaterThanOrEqual(4)
    for (const row of rows) {
      expect(row.name).toMatch(/^doors\./)
      expect(row.config).toEqual(['search_path=pg_catalog, pg_temp'])
    }
  })
})

// 42501 insufficient privilege; 25006 the archive's read-only transactions; 55000 and 0A000 a view that takes no rows,
// 428C9 one with a column that nobody writes.
const refused = /^(42501|25006|55000|0A000|428C9)$/

test.each(roles)('%s succeeds and fails as the matrix says when it tries', async role => {
  const { rows } = await owner.query<{ name: string; columns: string[]; types: string[] }>(writable)
  for (const { name, columns, types } of rows) {
    for (const right of ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] as const) {
      if (right === 'TRUNCATE' && tables[name]?.view) continue
      const granted = rightsOf(role)[name] ?? []
      const code = await refusal(role, attempt(right, name, columns, types))
      const outcome = `${right} ${name}: ${code}`
      if (granted.includes(right)) expect(outcome).toBe(`${right} ${name}: null`)
      else expect(code, outcome).toMatch(refused)
      if (!granted.includes(`${right} some`)) continue
      const some = columnsOf[role]?.[`${right} ${name}`] ?? []
      const someTypes = some.map(column => types[columns.indexOf(column)] ?? '')
      expect(await refusal(role, attempt(right, name, some, someTypes)), outcome).toBeNull()
    }
  }
})

const forged: [string, string][] = [
  [
    'a release',
    `insert into production.releases (id, kind, configuration_id, configuration, verdict_id)
     values ('x', 'promoted', encode(sha256('{}'), 'hex'), '{}', 'v')`,
  ],
  ['a release made another', "update production.releases set kind = 'promoted'"],
  [
    'an audit row that fits the chain',
    `insert into audit.event_log (sequence, previous_hash, hash, event) select sequence + 1, hash, repeat('1', 64),
     '{"role":"postgres","actor":"a","action":"b","subject":"c","recordedAt":"d"}' from audit.head`,
  ],
  ['an audit head set back', 'update audit.head set sequence = 0'],
  ['an audit row past the door', "select audit.append('a', 'release.promoted', 's', '{}')"],
  ['an audit row of another door', "select doors.append_audit('a', 'release.promoted', 's', '{}')"],
  [
    'a quarantine record',
    `insert into quarantine.quarantine_records (experiment_id, configuration_id, configuration, outcome,
       failure_reasons, metrics_at_failure, impact_analysis)
     values ('e', repeat('0', 64), '{}', 'failed', '[]', '{}', '{}')`,
  ],
  ['a blacklist emptied', 'delete from quarantine.blacklist'],
  ['a table in public', 'create table public.t ()'],
  ['a schema of its own', 'create schema mine'],
  ['a program on the server', "copy (select 1) to program 'true'"],
  ['a file on the server', "select pg_read_file('PG_VERSION')"],
  ['the owner’s rights', 'set role postgres'],
]
const label = `select doors.submit_label('o', 's', 'p', 'LEFT', 1, 1, 'm', null, null, 'real-issue', 'A', 1, 1, null, '{}')`
const sample = `select doors.submit_sample('i', 1, 1, 'h', '{}', repeat('0', 64), 1, 1, 'Go', 'genesis', '[]', 1, false, 0)`
const judgement = `select doors.submit_judgement('s', 'p', 'LEFT', 1, 1, 'm', null, null, 'clean', 1, 'a')`
const others: Partial<Record<Role, [string, string][]>> = {
  cupel_web: [
    ['a payload', 'select payload from production.deliveries'],
    ['an outcome', 'select outcome from production.deliveries'],
    ['a payload changed', "update production.deliveries set payload = ''"],
  ],
  cupel_experiments: [
    [
      'an experiment that is promoted already',
      `insert into experiments_v1.experiments (name, author, author_kind, state, budget_usd, configuration_id, configuration)
       values ('e', 'a', 'person', 'promoted', 1, repeat('0', 64), '{}')`,
    ],
    ['a label', label],
    ['a sample', sample],
    ['a judgement', judgement],
    ['that samples are forgotten', 'select doors.forget_samples(null, now())'],
    ['an experiment past its budget', "select doors.set_experiment_budget('e', 1000, 'a')"],
    ['the labels', 'select label from gate.labels'],
    ['the labels that the gate publishes', 'select label from gate.published_labels'],
    ['production’s findings on a sample', 'select findings from gate.sample_baselines'],
    ['which samples were drawn', 'select drawn from gate.audit_draws'],
    ['its own score', 'update experiments_v1.experiment_metrics set accuracy = 1'],
    ['its outcomes', 'select counts from gate.outcomes'],
    ['that there is a table of production', 'select from production.releases limit 0'],
  ],
  cupel_gate: [
    ['a configuration installed', "select doors.install_genesis_models('{}', 'x')"],
    ['a label of its own', label],
    ['a judgement of its own', judgement],
    ['a label changed', "update gate.labels set label = 'clean'"],
    ['a draw changed', 'update gate.audit_draws set drawn = false'],
    ['a day’s probability changed', 'update gate.audit_days set probability = 1'],
    ['an outcome taken back', 'delete from gate.outcomes'],
    ['a figure taken back', 'delete from experiments_v1.experiment_metrics'],
    ['a run changed', "update experiments_v1.code_analyses set state = 'done'"],
    ['people’s words', 'select content from production.feedback'],
  ],
  cupel_production: [
    ['the labels', 'select label from gate.labels'],
    ['a judgement', judgement],
    ['a sample past its door', "insert into experiments_v1.samples (id) values ('s')"],
    ['what experiments found', 'select findings from experiments_v1.code_analyses'],
  ],
  cupel_operator: [
    ['a label', label],
    ['a label past its door', "insert into gate.labels (origin) values ('o')"],
    ['who judged what', 'select author_id from gate.labels'],
    ['an experiment changed past its door', "update experiments_v1.experiments set state = 'active'"],
  ],
}
test.each(
  roles.flatMap(role => [...forged, ...(others[role] ?? [])].map(([what, text]) => ({ role, what, text }))),
)('$role is refused $what', async ({ role, text }) => {
  // 3F000 no schema to create in.
  expect(await refusal(role, text)).toMatch(/^(42501|25006|3F000)$/)
})

test('the web process can neither end a delivery nor begin one anew', async () => {
  await owner.query(
    `insert into production.deliveries (id, event, state, finished_at) values ('open', 'ping', 'received', null),
       ('ended', 'ping', 'done', now())`,
  )
  const set = (state: string, id: string): string =>
    `update production.deliveries set state = '${state}' where id = '${id}'`
  expect(await refusal('cupel_web', set('queued', 'open'))).toBeNull()
  expect(await refusal('cupel_web', set('done', 'open'))).toBe('23514')
  expect(await refusal('cupel_web', set('received', 'ended'))).toBe('23514')
})

test('a finished run of an experiment cannot be changed or taken back', async () => {
  await owner.query(
    `insert into experiments_v1.experiments (id, name, author, author_kind, budget_usd, configuration_id, configuration, parts)
       values ('e', 'e', 'a', 'person', 1, encode(sha256('{}'), 'hex'), '{}', '{}');
     insert into experiments_v1.samples
         (id, repository_id, number, head_sha, snapshot, seed, split, hunks, changed_lines, language)
       values ('s', 1, 1, 'h', '{}', repeat('0', 64), 'training', 1, 1, 'Go')`,
  )
  const experiments = pools.get('cupel_experiments') as pg.Pool
  await experiments.query(
    "insert into experiments_v1.code_analyses (id, experiment_id, sample_id, kind) values ('r', 'e', 's', 'live')",
  )
  const finish =
    "update experiments_v1.code_analyses set state = 'done', findings = '[]', finished_at = now()"
  await experiments.query(finish)
  expect(await refusal('cupel_experiments', finish)).toBe('42501')
  expect(
    await refusal(
      'cupel_experiments',
      "update experiments_v1.code_analyses set state = 'started', finished_at = null",
    ),
  ).toBe('42501')
})

describe('temporary objects', () => {
  const queueUsers = new Set<Role>(Object.values(queueSchemas).flat())
  // BullMQ's addBulk builds its rows in a temporary table; nobody else needs one.
  test.each(roles)('%s makes temporary tables only if it has a queue', async role => {
    const code = await refusal(role, 'create temporary table t ()')
    if (queueUsers.has(role)) expect(code).toBeNull()
    else expect(code).toMatch(/^(42501|25006)$/)
  })

  test('a door is not led astray by temporary tables, views and functions of its caller', async () => {
    const client = await database.pool('cupel_production', 1).connect()
    try {
      await client.query(
        `create temporary table head (sequence bigint, hash text);
         create temporary table event_log (sequence bigint, previous_hash text, hash text, event text);
         create temporary table releases (id text, kind text, configuration_id text, configuration text);
         create temporary table blacklist (kind text, fingerprint text);
         create temporary table samples (id text); create temporary table labels (origin text);
         create temporary table stale_samples (sample_id text);
         insert into head values (41, repeat('f', 64));
         create function pg_temp.sha256(bytea) returns bytea language sql as $$ select 'forged'::bytea $$;
         create function pg_temp.now() returns timestamptz language sql as $$ select 'epoch'::timestamptz $$;
         create function pg_temp.to_char(timestamp, text) returns text language sql as $$ select 'forged' $$;
         set search_path = pg_temp, pg_catalog`,
      )
      await client.query("select doors.append_audit('a', 'b', 'c', '{}')")
      const audited = await owner.query<{ sequence: string; recorded_at: string; role: string }>(
        'select sequence, recorded_at, role from audit.event_log',
      )
      expect(audited.rows).toEqual([
        { sequence: '1', recorded_at: expect.stringMatching(/^2\d{3}-/) as string, role: 'cupel_production' },
      ])
      const kept = await client.query<{ head: string; log: string }>(
        'select (select sequence from head) as head, (select count(*) from event_log) as log',
      )
      expect(kept.rows).toEqual([{ head: '41', log: '0' }])
    } finally {
      client.release(true)
    }
  })
})

test('the archive writes nothing even if it were granted the right', async () => {
  await owner.query('grant insert on quarantine.blacklist to cupel_archive')
  const text = "insert into quarantine.blacklist (fingerprint) values ('x')"
  expect(await refusal('cupel_archive', text)).toBe('25006')
  await owner.query('revoke insert on quarantine.blacklist from cupel_archive')
})

test('what a later migration makes is open to no role until it is granted', async () => {
  await owner.query(
    `create table production.later (id int generated always as identity);
     create view production.later_view as select id from production.later;
     create type production.later_type as enum ('a');
     create function doors.later() returns int language sql as $$ select 1 $$;
     create schema later; create table later.t ()`,
  )
  for (const role of roles) {
    for (const text of [
      'select id from production.later',
      'insert into production.later default values',
      'select id from production.later_view',
      'select doors.later()',
      'select from later.t',
    ]) {
      expect([role, text, await refusal(role, text)]).toEqual([role, text, '42501'])
    }
    const { rows } = await owner.query(
      "select has_type_privilege($1, 'production.later_type', 'USAGE') as may",
      [role],
    )
    expect(rows).toEqual([{ may: false }])
  }
  await owner.query('grant select on production.later to cupel_web')
  expect(await refusal('cupel_web', 'select id from production.later')).toBeNull()
  await owner.query(
    `drop schema later cascade; drop view production.later_view; drop table production.later;
     drop type production.later_type; drop function doors.later()`,
  )
})

test('no role may connect to another database of the server by a grant of ours', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `select d.datname as name from pg_database d cross join aclexplode(d.datacl) a
     where a.grantee = any($1::regrole[]) and d.datname in ('postgres', 'template1')`,
    [roles],
  )
  expect(rows).toEqual([])
})
