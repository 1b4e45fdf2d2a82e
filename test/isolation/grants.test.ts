import { afterAll, beforeAll, expect, test } from 'vitest'
import type pg from 'pg'
import { roles, type Role } from '../../src/adapters/postgres/roles.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
})
afterAll(() => database.drop())

/** Everything an application role may do to a table or view of the zones; S select, I insert, U update, D delete; small: some columns only. */
const expected: Record<Role, Record<string, string>> = {
  cupel_web: { 'production.deliveries': 'siu' },
  cupel_production: {
    'production.deliveries': 'SUD',
    'production.pull_requests': 'SIUD',
    'production.code_reviews': 'SIUD',
    'production.review_findings': 'SIUD',
    'production.commands': 'SIUD',
    'production.budgets': 'SIU',
    'production.budget_reservations': 'SIU',
    'production.pacer': 'SIU',
    'production.feedback': 'SID',
    'production.slo_metrics': 'SI',
    'production.releases': 'S',
  },
  cupel_experiments: {
    'experiments_v1.experiments': 'SI',
    'experiments_v1.samples': 'S',
    'experiments_v1.code_analyses': 'SIU',
    'experiments_v1.experiment_metrics': 'S',
    'experiments_v1.promotion_readiness': 'S',
  },
  cupel_gate: {
    'experiments_v1.experiments': 'Su',
    'experiments_v1.samples': 'S',
    'experiments_v1.code_analyses': 'S',
    'experiments_v1.experiment_metrics': 'SI',
    'experiments_v1.promotion_readiness': 'S',
    'gate.sample_baselines': 'S',
    'gate.labels': 'S',
    'gate.scores': 'SI',
    'gate.verdicts': 'SI',
    'gate.readmission_requests': 'SIu',
    'quarantine.quarantine_records': 'S',
    'quarantine.blacklist': 'S',
    'quarantine.quarantine_summary': 'S',
  },
  cupel_archive: {
    'quarantine.quarantine_records': 'S',
    'quarantine.blacklist': 'S',
    'quarantine.quarantine_summary': 'S',
  },
  cupel_operator: {
    'audit.event_log': 'S',
    'audit.head': 'S',
    'experiments_v1.promotion_readiness': 'S',
    'quarantine.quarantine_summary': 'S',
  },
}

async function tableRights(role: Role): Promise<Record<string, string>> {
  const { rows } = await owner.query<{ name: string; rights: string }>(
    `select n.nspname || '.' || c.relname as name, concat(
       ${['SELECT', 'INSERT', 'UPDATE'].map(r => `case when has_table_privilege($1, c.oid, '${r}') then '${r[0]}' when has_any_column_privilege($1, c.oid, '${r}') then '${r[0]?.toLowerCase()}' end`).join(', ')},
       ${['DELETE', 'TRUNCATE', 'TRIGGER'].map(r => `case when has_table_privilege($1, c.oid, '${r}') then '${r === 'DELETE' ? 'D' : r}' end`).join(', ')}) as rights
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'v', 'p', 'm') and n.nspname !~ '^(pg_|information_schema|queue_)'`,
    [role],
  )
  return Object.fromEntries(rows.filter(row => row.rights !== '').map(row => [row.name, row.rights]))
}

test.each(roles)('%s may do to tables what the matrix says and nothing else', async role => {
  expect(await tableRights(role)).toEqual(expected[role])
})

const schemasOf: Record<Role, string[]> = {
  cupel_web: ['doors', 'production', 'queue_production'],
  cupel_production: ['doors', 'production', 'queue_production'],
  cupel_experiments: ['doors', 'experiments_v1', 'queue_experiments'],
  cupel_gate: ['doors', 'experiments_v1', 'gate', 'quarantine', 'queue_gate'],
  cupel_archive: ['doors', 'quarantine'],
  cupel_operator: ['audit', 'doors', 'experiments_v1', 'quarantine'],
}

test.each(roles)('%s enters its own schemas only, and creates in none but its queue’s', async role => {
  const { rows } = await owner.query<{ name: string; creates: boolean }>(
    `select nspname as name, has_schema_privilege($1, oid, 'CREATE') as creates from pg_namespace
     where nspname !~ '^(pg_|information_schema)' and has_schema_privilege($1, oid, 'USAGE') order by 1`,
    [role],
  )
  expect(rows.map(row => row.name)).toEqual(schemasOf[role])
  expect(rows.filter(row => row.creates && !row.name.startsWith('queue_'))).toEqual([])
})

const production = ['append_audit', 'install_genesis_models', 'submit_label', 'submit_sample']
test.each(roles)('%s passes its doors only', async role => {
  const { rows } = await owner.query<{ name: string }>(
    `select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname !~ '^(pg_|information_schema|queue_)' and has_function_privilege($1, p.oid, 'EXECUTE') order by 1`,
    [role],
  )
  expect(rows.map(row => row.name)).toEqual(role === 'cupel_production' ? production : ['append_audit'])
})

test.each(roles)('%s owns nothing, is no superuser and is in no other role', async role => {
  const { rows } = await owner.query(
    `select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls,
       exists (select from pg_class where relowner = r.oid) as owns,
       exists (select from pg_auth_members where member = r.oid) as member
     from pg_roles r where rolname = $1`,
    [role],
  )
  const none = {
    rolsuper: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolbypassrls: false,
    owns: false,
    member: false,
  }
  expect(rows).toEqual([none])
})

test.each<[Role, string]>([
  [
    'cupel_production',
    "insert into production.releases (id, kind, configuration_id, configuration, verdict_id) values ('x', 'promoted', repeat('0', 64), '{}', 'v')",
  ],
  ['cupel_production', "update production.releases set kind = 'promoted'"],
  ['cupel_production', 'select id from experiments_v1.samples'],
  ['cupel_production', 'select label from gate.labels'],
  ['cupel_experiments', 'select id from production.code_reviews'],
  ['cupel_experiments', 'select id from production.releases'],
  ['cupel_experiments', 'select label from gate.labels'],
  ['cupel_experiments', 'select findings from gate.sample_baselines'],
  ['cupel_experiments', 'insert into experiments_v1.experiment_metrics (experiment_id) values (null)'],
  [
    'cupel_experiments',
    "select doors.submit_label('o', 's', 'p', 'LEFT', 1, 1, 'real-issue', 1, null, '{}')",
  ],
  ['cupel_web', 'select payload from production.deliveries'],
  ['cupel_web', "update production.deliveries set payload = ''"],
  ['cupel_web', 'select number from production.pull_requests'],
  ['cupel_gate', 'select id from production.code_reviews'],
  ['cupel_operator', 'select id from quarantine.quarantine_records'],
  ['cupel_archive', 'select event from audit.event_log'],
  ...roles.flatMap((role): [Role, string][] => [
    [role, "update audit.event_log set event = ''"],
    [role, 'delete from audit.event_log'],
    [role, 'truncate audit.event_log'],
    [role, 'create table public.t ()'],
    [role, 'create temporary table t ()'],
  ]),
])('%s is refused: %s', async (role, text) => {
  const pool = database.pool(role, 1)
  // 42501 insufficient privilege; 25006 the archive's read-only transactions; 3F000 no schema to create in.
  await expect(pool.query(text)).rejects.toMatchObject({
    code: expect.stringMatching(/^(42501|25006|3F000)$/) as string,
  })
})

test('the archive writes nothing even if it were granted the right', async () => {
  await owner.query('grant insert on quarantine.blacklist to cupel_archive')
  const refused = database
    .pool('cupel_archive')
    .query("insert into quarantine.blacklist (fingerprint) values ('x')")
  await expect(refused).rejects.toMatchObject({ code: '25006' })
  await owner.query('revoke insert on quarantine.blacklist from cupel_archive')
})

test('a table and a function that a later migration makes are open to no role', async () => {
  await owner.query(
    'create table production.later (id int); create function doors.later() returns int language sql as $$ select 1 $$',
  )
  for (const role of roles) {
    expect(Object.keys(await tableRights(role))).not.toContain('production.later')
    const { rows } = await owner.query(
      "select has_function_privilege($1, 'doors.later()', 'EXECUTE') as may",
      [role],
    )
    expect(rows).toEqual([{ may: false }])
  }
  await owner.query('drop table production.later; drop function doors.later()')
})
