import type { Role } from '../../src/adapters/postgres/roles.ts'

export type Right = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE'

interface Table {
  view?: true
  /** S select, I insert, U update, D delete; small: some columns only (columnsOf). A role not named may do nothing. */
  rights: Partial<Record<Role, string>>
}

/** Every table and view of the zones and what each application role may do to it. */
export const tables: Record<string, Table> = {
  'audit.backups': { rights: {} },
  'audit.event_log': { rights: { cupel_gate: 'S', cupel_operator: 'S' } },
  'audit.head': { rights: { cupel_gate: 'S', cupel_operator: 'S' } },
  'experiments_v1.code_analyses': { rights: { cupel_experiments: 'Siu', cupel_gate: 'S' } },
  'experiments_v1.experiment_metrics': { rights: { cupel_experiments: 'S', cupel_gate: 'SI' } },
  'experiments_v1.experiments': { rights: { cupel_experiments: 'Si', cupel_gate: 'S' } },
  'experiments_v1.overspent': { rights: {} },
  'experiments_v1.model_answers': { rights: { cupel_experiments: 'SIUD' } },
  'experiments_v1.promotion_readiness': {
    view: true,
    rights: { cupel_experiments: 'S', cupel_gate: 'S', cupel_operator: 'S' },
  },
  'experiments_v1.published_experiments': { view: true, rights: { cupel_operator: 'S' } },
  'experiments_v1.published_metrics': { view: true, rights: { cupel_operator: 'S' } },
  'experiments_v1.published_replays': { view: true, rights: { cupel_operator: 'S' } },
  'experiments_v1.published_model_costs': { view: true, rights: { cupel_operator: 'S' } },
  'experiments_v1.published_spending': { view: true, rights: { cupel_operator: 'S' } },
  'experiments_v1.published_runs': { view: true, rights: { cupel_operator: 'S' } },
  'experiments_v1.readmissions': { rights: { cupel_experiments: 'S', cupel_gate: 'S' } },
  'experiments_v1.replays': { rights: { cupel_experiments: 'Su' } },
  'experiments_v1.samples': { rights: { cupel_experiments: 'S', cupel_gate: 'S' } },
  'experiments_v1.spending': { rights: { cupel_experiments: 'SIU', cupel_gate: 'S' } },
  'experiments_v1.training_labels': { view: true, rights: { cupel_experiments: 'S' } },
  'gate.actions': { rights: { cupel_gate: 'Su' } },
  'gate.audit_days': { rights: { cupel_gate: 'SI' } },
  'gate.audit_draws': { rights: { cupel_gate: 'S' } },
  'gate.judging_queue': { view: true, rights: { cupel_operator: 'S' } },
  'gate.judged_outcomes': { view: true, rights: { cupel_gate: 'S' } },
  'gate.labels': { rights: { cupel_gate: 'S' } },
  'gate.outcomes': { rights: { cupel_gate: 'SIU' } },
  'gate.prompt_texts': { rights: { cupel_gate: 'SI' } },
  'gate.published_actions': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_backups': { view: true, rights: { cupel_gate: 'S', cupel_operator: 'S' } },
  'gate.published_evidence': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_labels': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_live_runs': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_outcomes': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_scorings': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_settings': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_trials': { view: true, rights: { cupel_operator: 'S' } },
  'gate.published_verdicts': { view: true, rights: { cupel_operator: 'S' } },
  'gate.readmission_requests': { view: true, rights: { cupel_gate: 'S' } },
  'gate.sample_baselines': { rights: { cupel_gate: 'S' } },
  'gate.sample_ends': { rights: { cupel_gate: 'S' } },
  'gate.scores': { rights: { cupel_gate: 'SI' } },
  'gate.sign_ins': { rights: {} },
  'gate.stale_samples': { rights: { cupel_gate: 'SD' } },
  'gate.switches': { rights: { cupel_gate: 'S' } },
  'gate.tallies': { rights: { cupel_gate: 'SIU' } },
  'gate.threshold_changes': { rights: {} },
  'gate.thresholds': { rights: { cupel_gate: 'S' } },
  'gate.trials': { rights: { cupel_gate: 'S' } },
  'gate.verdicts': { rights: { cupel_gate: 'SI' } },
  'production.answers': { rights: { cupel_production: 'SIUD' } },
  'production.budget_reservations': { rights: { cupel_production: 'SIU' } },
  'production.budgets': { rights: { cupel_production: 'SIU' } },
  'production.code_reviews': { rights: { cupel_production: 'SIUD' } },
  'production.commands': { rights: { cupel_production: 'SIUD' } },
  'production.deliveries': { rights: { cupel_web: 'siu', cupel_production: 'SUD' } },
  'production.feedback': { rights: { cupel_production: 'SID' } },
  'production.followed': { rights: { cupel_production: 'SIUD' } },
  'production.gate_answers': { view: true, rights: { cupel_production: 'S' } },
  'production.model_answers': { rights: { cupel_production: 'SIUD' } },
  'production.orders': { rights: { cupel_production: 'Su', cupel_gate: 'S' } },
  'production.pacer': { rights: { cupel_production: 'SIU' } },
  'production.published_feedback': { view: true, rights: { cupel_operator: 'S' } },
  'production.published_orders': { view: true, rights: { cupel_operator: 'S' } },
  'production.published_outcomes': { view: true, rights: { cupel_production: 'S', cupel_gate: 'S' } },
  'production.published_release_steps': { view: true, rights: { cupel_operator: 'S' } },
  'production.published_releases': { view: true, rights: { cupel_operator: 'S' } },
  'production.published_model_costs': { view: true, rights: { cupel_operator: 'S' } },
  'production.published_slo': { view: true, rights: { cupel_operator: 'S' } },
  'production.published_spending': { view: true, rights: { cupel_operator: 'S' } },
  'production.published_repositories': { view: true, rights: { cupel_operator: 'S' } },
  'production.pull_requests': { rights: { cupel_production: 'SIUD' } },
  'production.release_states': { view: true, rights: { cupel_production: 'S', cupel_gate: 'S' } },
  'production.release_steps': { rights: { cupel_production: 'S' } },
  'production.releases': { rights: { cupel_production: 'S' } },
  'production.review_findings': { rights: { cupel_production: 'SIUD' } },
  'production.review_requests': { rights: { cupel_production: 'SIUD' } },
  'production.sampled': { rights: { cupel_production: 'SIUD' } },
  'production.slo_metrics': { rights: { cupel_production: 'SID', cupel_gate: 'S' } },
  'public.cupel_migrations': { rights: {} },
  'quarantine.blacklist': { rights: { cupel_archive: 'S', cupel_gate: 'S' } },
  'quarantine.published_records': { view: true, rights: { cupel_operator: 'S' } },
  'quarantine.quarantine_records': { rights: { cupel_archive: 'S', cupel_gate: 'S' } },
  'quarantine.quarantine_summary': {
    view: true,
    rights: { cupel_archive: 'S', cupel_gate: 'S', cupel_operator: 'S' },
  },
}

export const columnsOf: Partial<Record<Role, Record<string, string[]>>> = {
  cupel_production: { 'UPDATE production.orders': ['finished_at', 'result', 'state'] },
  cupel_web: {
    'INSERT production.deliveries': ['action', 'event', 'id', 'installation_id', 'payload', 'repository_id'],
    'SELECT production.deliveries': ['finished_at', 'id', 'queued_at', 'received_at', 'state'],
    'UPDATE production.deliveries': ['queued_at', 'state'],
  },
  cupel_experiments: {
    'INSERT experiments_v1.code_analyses': ['experiment_id', 'id', 'kind', 'sample_id'],
    'INSERT experiments_v1.experiments': [
      'author',
      'author_kind',
      'budget_usd',
      'configuration',
      'configuration_id',
      'id',
      'name',
      'parent_id',
      'parts',
      'rate',
    ],
    'UPDATE experiments_v1.code_analyses': [
      'attempts',
      'degraded_steps',
      'error_code',
      'findings',
      'finished_at',
      'input_tokens',
      'latency_ms',
      'leaked',
      'output_tokens',
      'receipt',
      'reserved_on',
      'reserved_usd',
      'state',
      'usd',
    ],
    'UPDATE experiments_v1.replays': ['finished_at', 'outcome', 'summary'],
  },
  cupel_gate: {
    'UPDATE gate.actions': ['finished_at', 'outcome', 'state'],
  },
}

export const schemasOf: Record<Role, string[]> = {
  cupel_web: ['production', 'queue_production'],
  cupel_production: ['doors', 'production', 'queue_production'],
  cupel_experiments: ['doors', 'experiments_v1', 'queue_experiments'],
  cupel_gate: ['audit', 'doors', 'experiments_v1', 'gate', 'production', 'quarantine'],
  cupel_archive: ['quarantine'],
  cupel_operator: ['audit', 'doors', 'experiments_v1', 'gate', 'production', 'quarantine'],
}

export const doorsOf: Record<Role, string[]> = {
  cupel_web: [],
  cupel_production: [
    'doors.append_audit',
    'doors.end_sample',
    'doors.forget_samples',
    'doors.install_genesis_models',
    'doors.list_experiments',
    'doors.list_subjects',
    'doors.request_action',
    'doors.submit_label',
    'doors.submit_sample',
  ],
  cupel_experiments: ['doors.note_experiment', 'doors.pause_over_budget'],
  cupel_gate: [
    'doors.append_audit',
    'doors.archive',
    'doors.blacklist',
    'doors.blacklisted',
    'doors.open_trial',
    'doors.overhead_ms',
    'doors.place_order',
    'doors.readmit',
    'doors.recomputed',
    'doors.recomputed_then',
    'doors.release',
    'doors.step_release',
    'doors.verdict_holds',
    'gate.breaches',
    'gate.run_tallies',
  ],
  cupel_archive: [],
  cupel_operator: [
    'doors.forget_samples',
    'doors.list_subjects',
    'doors.overhead_ms',
    'doors.propose_experiment',
    'doors.recomputed',
    'doors.recomputed_then',
    'doors.request_action',
    'doors.request_replay',
    'doors.run_evidence',
    'doors.set_experiment_budget',
    'doors.set_experiment_state',
    'doors.set_threshold',
    'doors.submit_judgement',
    'doors.switch_gate',
    'doors.use_sign_in',
    'gate.without_nul',
  ],
}

/** Sequences that a role may take numbers from, beside those of its queues. */
export const sequencesOf: Partial<Record<Role, string[]>> = { cupel_gate: ['gate.outcome_sequence'] }

const words: Record<string, Right> = { S: 'SELECT', I: 'INSERT', U: 'UPDATE', D: 'DELETE' }

/** By table, the rights of a role; 'UPDATE some' where some columns only are granted. */
export function rightsOf(role: Role): Record<string, string[]> {
  const granted = Object.entries(tables).flatMap(([name, { rights }]) => {
    const letters = rights[role]
    if (!letters) return []
    return [
      [
        name,
        letters.split('').map(letter => {
          const right = words[letter.toUpperCase()] ?? ''
          return letter === letter.toUpperCase() ? right : `${right} some`
        }),
      ] as const,
    ]
  })
  return Object.fromEntries(granted)
}

export const relations = `select n.nspname || '.' || c.relname as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'v', 'p', 'm', 'f') and n.nspname !~ '^(pg_|information_schema|queue_)' order by 1`

export const privileges = `select n.nspname || '.' || c.relname as name, r.name as right,
    has_table_privilege($1, c.oid, r.name) as whole
  from pg_class c join pg_namespace n on n.oid = c.relnamespace,
    unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) with ordinality as r (name, place)
  where c.relkind in ('r', 'v', 'p', 'm', 'f') and n.nspname !~ '^(pg_|information_schema|queue_)'
    and (has_table_privilege($1, c.oid, r.name)
      or r.name in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') and has_any_column_privilege($1, c.oid, r.name))
  order by 1, r.place`

/** Columns that a statement may write, with their types. */
export const writable = `select n.nspname || '.' || c.relname as name,
    array_agg(a.attname::text order by a.attnum) as columns,
    array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum) as types
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = '' and a.attidentity <> 'a'
  where c.relkind in ('r', 'v', 'p', 'm', 'f') and n.nspname !~ '^(pg_|information_schema|queue_)' group by 1`

/**
 * A statement that needs this right on these columns and no other, and touches no row: PostgreSQL looks at rights
 * before it looks at rows.
 */
export function attempt(
  right: Right | 'TRUNCATE',
  name: string,
  columns: readonly string[],
  types: readonly string[],
): string {
  switch (right) {
    case 'SELECT':
      return `select ${columns.join(', ')} from ${name} where false`
    case 'INSERT':
      return `insert into ${name} (${columns.join(', ')}) select ${types.map(type => `null::${type}`).join(', ')} where false`
    case 'UPDATE':
      return `update ${name} set ${columns.map(column => `${column} = default`).join(', ')} where false`
    case 'DELETE':
      return `delete from ${name} where false`
    case 'TRUNCATE':
      return `truncate ${name}`
  }
}
