import { html, type Markup, type Shown } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { table } from '../../pages/parts.ts'
import type { AuditEntry } from '../../ports/dashboard.ts'

export function auditPage(entries: readonly AuditEntry[], older: number | null): Page {
  const next =
    older === null ? null : html`<p><a href="/audit?before=${older}" rel="next">Older entries</a></p>`
  return {
    title: 'Audit log',
    body: html`<p class="quiet">
        Newest first. <code>cupel audit verify</code> recomputes the chain of hashes.
      </p>
      ${auditTable(entries)} ${next}`,
  }
}

export function auditTable(entries: readonly AuditEntry[]): Markup {
  return table('Audit log', ['No.', 'When (UTC)', 'Who', 'What', 'Of', 'Data'], entries.map(entryCells))
}

function entryCells({ sequence, event }: AuditEntry): Shown[] {
  const { recordedAt, actor, action, subject, data } = JSON.parse(event) as Record<string, unknown>
  const when = String(recordedAt)
  return [
    sequence,
    html`<time datetime="${when}">${when.slice(0, 19).replace('T', ' ')}</time>`,
    String(actor),
    String(action),
    String(subject),
    html`<code>${JSON.stringify(data)}</code>`,
  ]
}
