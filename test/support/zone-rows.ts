import { genesisConfiguration } from '../../src/core/genesis.ts'
import { canonicalJson, configurationId } from '../../src/core/ids.ts'

const hostileText = `E'tab \\t, line end \\n\\\\., backslash \\\\, "quote", \\u00e9 \\u202e \\U0001F389'`
const configuration = canonicalJson({ ...genesisConfiguration, analysers: ['oxlint'] })

/**
 * Statements that fill every zone's schema as `count` reviewed pull requests would: packed payloads, findings with
 * texts that an export must quote, samples, runs, labels, outcomes, a quarantined configuration, the audit chain.
 */
export function zoneRows(count: number): string {
  const n = `generate_series(1, ${count}) n`
  return `
insert into production.deliveries (id, event, action, installation_id, repository_id, payload, state, received_at, finished_at, outcome)
  select 'delivery-' || n, 'pull_request', 'opened', 1, n % 7, (select decode(string_agg(md5(n || '.' || k), ''), 'hex') from generate_series(1, 60) k), 'done', now() - n * interval '1 minute', now(), 'done' from ${n};
insert into production.pull_requests (repository_id, number, installation_id, owner, repo, head_sha, head_updated_at, heads_at_that_time, open)
  select n % 7, n, 1, 'owner', 'repo-' || n % 7, md5(n::text), now(), array[md5(n::text), 'a,"b"\\c'], n % 2 = 0 from ${n};
insert into production.code_reviews (installation_id, repository_id, owner, repo, number, head_sha, release_id, occasion, state, receipt, due_at, created_at)
  select 1, n % 7, 'owner', 'repo-' || n % 7, n, md5(n::text), 'genesis', 'push', 'done', json_build_object('steps', '[]'::json, 'text', ${hostileText}), now(), now() from ${n};
insert into production.review_findings (code_review_id, state, position, fingerprint, path, severity, category, source, finding)
  select r.id, 'inline', f, md5(r.id || f), 'src/a.ts', 'high', 'bug', 'oxlint', json_build_object('body', ${hostileText} || '\\u0000')
  from production.code_reviews r, generate_series(1, 3) f;
insert into production.feedback (repository_id, number, comment_id, fingerprint, kind, author_id, author_login, standing, content, given_at)
  select n % 7, n, n, md5(n::text), 'reply', n % 5, 'ann', 'collaborator', ${hostileText}, now() from ${n};
insert into production.model_answers (repository_id, key, answer, repaired, input_tokens, output_tokens, usd, answered_at)
  select n % 7, md5(n::text) || md5(n::text), ${hostileText}, false, 900, 20, 0.01, now() from ${n};
insert into experiments_v1.experiments (id, name, author, author_kind, budget_usd, configuration_id, configuration, parts)
  values ('experiment', 'drill', 'ann', 'person', 5, '${configurationId({ ...genesisConfiguration, analysers: ['oxlint'] })}', '${configuration}', '{}');
insert into experiments_v1.samples (id, repository_id, number, head_sha, snapshot, seed, split, hunks, changed_lines, language)
  select 'sample-' || n, n % 7, n, md5(n::text), json_build_object('text', repeat(md5(n::text), 60)), md5(n::text) || md5(n::text), 'evaluation', 3, 30, 'ts' from ${n};
insert into experiments_v1.model_answers (sample_id, key, answer, repaired, input_tokens, output_tokens, usd, answered_at)
  select 'sample-' || n, md5(n::text) || md5(n::text), ${hostileText}, true, 900, 20, null, now() from ${n};
insert into gate.sample_baselines (sample_id, release_id, findings, latency_ms, degraded, usd)
  select 'sample-' || n, 'genesis', '[]', 900, false, 0 from ${n};
insert into experiments_v1.code_analyses (experiment_id, sample_id, kind, state, findings, latency_ms, usd, finished_at)
  select 'experiment', 'sample-' || n, 'live', 'done', '[]', 800, 0.01, now() from ${n};
insert into gate.labels (origin, version, sample_id, path, side, start_line, line, meaning, label, tier, kind, weight, provenance)
  select 'origin-' || n, 1, 'sample-' || n, 'src/a.ts', 'RIGHT', 1, 2, ${hostileText}, 'real-issue', 'A', 'volunteered', 0.5, '{}' from ${n};
insert into gate.outcomes (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms, usd, language, changed_lines, split, labels_seen, final_at, sequence)
  select 'experiment', 'sample-' || n, 'live', '{}', '{}', false, 800, 0.01, 'ts', 30, 'evaluation', n, now(), nextval('gate.outcome_sequence') from ${n};
insert into quarantine.quarantine_records (id, experiment_id, configuration_id, configuration, outcome, failure_reasons, metrics_at_failure, impact_analysis)
  values ('record', 'failed', repeat('a', 64), '{}', 'dangerous', '[]', '{}', '{}');
insert into quarantine.blacklist (fingerprint, kind, quarantine_record_id, reason) values (repeat('a', 64), 'configuration', 'record', 'test');
select audit.append('ann', 'pull-request.pause', 'pull:' || n, json_build_object('why', ${hostileText})::text) from ${n};
analyze;`
}
