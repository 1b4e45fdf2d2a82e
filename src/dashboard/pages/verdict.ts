import { asStoredLine } from '../../core/gate/label-text.ts'
import { basisLines, figureTable, shownFigure } from '../../core/gate/recomputed.ts'
import { criteriaInOrder } from '../../core/gate/verdict-text.ts'
import { html, type Markup } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { facts, link, list, section, table, time } from '../../pages/parts.ts'
import type { Explanation, PublishedVerdict } from '../../ports/published.ts'
import { answerBadge } from './badges.ts'
import { criteria, notes, sentence } from './experiments.ts'

/** What `cupel gate explain` says: what is stored, beside what its rows come to. */
export function verdictPage({ verdict, bundle, figures, differs }: Explanation): Page {
  const agreement =
    differs === null
      ? html`<div class="notice good" role="status">
          <p>It agrees: computed again here from the same rows, it comes to what is stored, to 1e-9.</p>
        </div>`
      : html`<div class="notice bad" role="alert">
          <p>It does not agree: what is stored is not what its rows come to, at <code>${differs}</code>.</p>
        </div>`
  const asStored = asStoredLine(bundle)
  return {
    title: `Verdict ${verdict.id}`,
    body: html`${agreement}
      ${facts([
        ['Answer', answerBadge(verdict.answer)],
        ['Experiment', link('experiments', verdict.experimentId, bundle.experiment.name)],
        ['Decided (UTC)', time(verdict.decidedAt)],
        ['Beside release', link('releases', verdict.releaseId)],
      ])}
      ${list([...basisLines(verdict, bundle), ...(asStored === null ? [] : [asStored])])}
      ${section('Stored', criteria(verdict.verdict), notes(verdict.verdict))}
      ${section('Recomputed by the database', besides(figures, verdict))}
      <p class="quiet">
        To compute it on another machine: <code>cupel verdict export ${verdict.id}</code>, there
        <code>cupel verdict verify FILE</code>.
      </p>`,
  }
}

/** Each figure anew, with the stored one before it where the verdict has it. */
function besides(figures: Explanation['figures'], { verdict }: PublishedVerdict): Markup {
  const { headings, rows } = figureTable(figures)
  const stored = new Map<string, number | null>(
    criteriaInOrder(verdict).map(({ name, value }) => [name, value]),
  )
  const [figure = '', n = '', ...more] = headings.map(sentence)
  return table(
    'Recomputed by the database',
    [figure, n, 'Stored', ...more],
    rows.map(([name = '', count = '', ...cells]) => [
      name,
      count,
      shownFigure(stored.get(String(name)) ?? null),
      ...cells,
    ]),
  )
}
