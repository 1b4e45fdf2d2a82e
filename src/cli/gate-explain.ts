import type pg from 'pg'
import { publishedVerdicts } from '../adapters/postgres/published-gate.ts'
import { explanationOf } from '../adapters/postgres/published-standing.ts'
import { table } from '../core/experiment-text.ts'
import { asStoredLine, labelsOf, labelTable } from '../core/gate/label-text.ts'
import { basisLines, figureTable } from '../core/gate/recomputed.ts'
import type { PublishedVerdict } from '../ports/published.ts'
import { atDoor, complain, say, theOne, type Looking } from './acting.ts'
import { verdictLines } from './gate-text.ts'

/** The verdict that is meant; null, and a complaint, when there is none. */
export async function verdictMeant(client: pg.Client, id: string): Promise<PublishedVerdict | null> {
  return theOne(await publishedVerdicts(client, { prefix: id }), id, 'verdict')
}

/** `cupel gate explain`: exit code 1 when the rows do not come to what was stored. */
export async function explain(id: string, options: Looking & { labels?: true }): Promise<void> {
  await atDoor(options, 'cupel gate', async client => {
    const verdict = await verdictMeant(client, id)
    if (verdict === null) return
    const { bundle, figures, differs } = await explanationOf(client, verdict)
    const asStored = asStoredLine(bundle)
    if (options.json) {
      const { evidence } = bundle.stored
      const labels = options.labels ? { labels: labelsOf(bundle) } : {}
      say(JSON.stringify({ ...verdict, evidence, figures, differs, asStored, ...labels }, null, 2))
    } else {
      const { headings, rows } = figureTable(figures)
      say(
        `verdict ${verdict.id}: ${verdict.answer} for experiment ${verdict.experimentId}, ${verdict.decidedAt.toISOString()}`,
        ...basisLines(verdict, bundle),
        '',
        ...verdictLines(verdict.verdict),
        '',
        'recomputed by the database',
        ...table(headings, rows),
        '',
      )
      if (options.labels) say(...labelTable(bundle), '')
      if (differs === null) say('recomputed here from the same rows: it agrees to 1e-9')
      if (asStored !== null) say(asStored)
    }
    if (differs !== null) complain(`what is stored is not what its rows come to: ${differs}`)
  })
}
