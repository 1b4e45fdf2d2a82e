import { escapeHtml } from '../core/report/escape-html.ts'
import type { ArchivedRecord, BlacklistEntry } from '../ports/archive.ts'

const style =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1f2328}' +
  'table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #d1d9e0}' +
  'pre{background:#f6f8fa;padding:1rem;overflow:auto;border-radius:6px}code{font-size:13px}nav{color:#59636e}' +
  '@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}td,th{border-color:#30363d}a{color:#58a6ff}}'

/** Everything archived came from outside once: nothing of it is markup. */
function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Cupel archive</title><style>${style}</style></head>
<body><nav><a href="/">Quarantine</a> · <a href="/blacklist">Blacklist</a></nav><h1>${escapeHtml(title)}</h1>
${body}</body></html>
`
}

export function recordsPage(records: readonly ArchivedRecord[], more: string | null): string {
  if (records.length === 0)
    return page('Quarantine', '<p>Nothing has failed yet: no experiment and no release is archived.</p>')
  const rows = records.map(
    record =>
      `<tr><td><a href="/records/${encodeURIComponent(record.id)}">${escapeHtml(record.id)}</a></td>` +
      `<td>${escapeHtml(record.releaseId ?? record.experimentId ?? '')}</td><td>${record.outcome}</td>` +
      `<td>${record.quarantinedAt.toISOString().slice(0, 16).replace('T', ' ')}</td><td>${eligibility(record)}</td></tr>`,
  )
  const next =
    more === null ? '' : `<p><a href="/?before=${encodeURIComponent(more)}" rel="next">Older records</a></p>`
  return page(
    'Quarantine',
    `<table><thead><tr><th>Record</th><th>Of</th><th>Outcome</th><th>Archived (UTC)</th><th>Re-evaluation</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>${next}`,
  )
}

export function recordPage(record: ArchivedRecord, configuration: string | null): string {
  const part = (title: string, value: unknown): string =>
    `<h2>${title}</h2><pre><code>${escapeHtml(JSON.stringify(value, null, 2))}</code></pre>`
  return page(
    `Record ${record.id}`,
    `<p>${escapeHtml(record.releaseId === null ? `Experiment ${record.experimentId}` : `Release ${record.releaseId}`)},
archived ${record.quarantinedAt.toISOString()} as <strong>${record.outcome}</strong>. Re-evaluation: ${eligibility(record)}.</p>
${part('Why it failed', record.failureReasons)}
${part('Figures at that time', record.metricsAtFailure)}
${part('What else shares its parts', record.impactAnalysis)}
${part(`Configuration ${record.configurationId}`, configuration === null ? null : (JSON.parse(configuration) as unknown))}`,
  )
}

export function blacklistPage(entries: readonly BlacklistEntry[]): string {
  const rows = entries.map(
    entry =>
      `<tr><td>${entry.kind}</td><td><code>${escapeHtml(entry.fingerprint)}</code></td><td>${escapeHtml(entry.reason)}</td>` +
      `<td>${entry.listedAt.toISOString().slice(0, 10)}</td></tr>`,
  )
  return page(
    'Blacklist',
    entries.length === 0
      ? '<p>Nothing is blacklisted.</p>'
      : `<table><thead><tr><th>What</th><th>Fingerprint</th><th>Why</th><th>Since</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
  )
}

function eligibility({ blacklisted, eligibleFrom }: ArchivedRecord): string {
  if (blacklisted !== null) return `never: ${escapeHtml(blacklisted)}`
  return eligibleFrom === null ? 'never' : `from ${eligibleFrom.toISOString().slice(0, 10)}`
}
