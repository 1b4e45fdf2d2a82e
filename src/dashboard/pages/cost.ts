import type { CostRow } from '../../core/cost.ts'
import { usd } from '../../core/experiment-text.ts'
import { html, type Markup } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { section, table } from '../../pages/parts.ts'

export function costPage(
  span: { from: string; to: string },
  zones: readonly CostRow[],
  experiments: readonly CostRow[],
): Page {
  return {
    title: 'Cost',
    body: html`<p class="quiet">
        Spent or reserved from ${span.from} to ${span.to} (UTC); <code>cupel cost</code> adds up other spans,
        and by day, month, model and pull request.
      </p>
      ${section('By zone', costTable('Zone', zones))}
      ${section('By experiment', costTable('Experiment', experiments))}`,
  }
}

function costTable(what: string, rows: readonly CostRow[]): Markup {
  if (rows.length === 0) return html`<p>Nothing was spent.</p>`
  const sum = rows.reduce((all, row) => all + row.usd, 0)
  return html`${table(
      what,
      [what, 'Cost'],
      rows.map(row => [row.what, usd(row.usd)]),
    )}
    <p>${usd(sum)} in all</p>`
}
