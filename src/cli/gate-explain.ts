import type pg from 'pg'
import { recomputation } from '../adapters/postgres/gate-recomputation.ts'
import { experimentsByPrefix } from '../adapters/postgres/published-experiments.ts'
import { bundleOf, publishedVerdicts, type PublishedVerdict } from '../adapters/postgres/published-gate.ts'
import { table } from '../core/experiment-text.ts'
import { disagreement, type Bundle } from '../core/gate/bundle.ts'
import type { RecomputedFigure } from '../ports/gate.ts'
import { atDoor, complain, say, theOne, type Looking } from './acting.ts'
import { asStoredLine, labelLines, labelsOf, labelTable } from './gate-labels.ts'
import { eValue, verdictLines } from './gate-text.ts'

/** The verdict that is meant, with all it rests on; null, and a complaint, when there is none. */
export async function verdictWithRows(
  client: pg.Client,
  id: string,
  words: boolean,
): Promise<{ verdict: PublishedVerdict; bundle: Bundle } | null> {
  const verdict = theOne(await publishedVerdicts(client, { prefix: id }), id, 'verdict')
  if (verdict === null) return null
  const [experiment] = await experimentsByPrefix(client, verdict.experimentId)
  if (!experiment) throw new Error(`experiment ${verdict.experimentId} is gone`)
  return { verdict, bundle: await bundleOf(client, experiment, verdict, words) }
}

/** `cupel gate explain`: exit code 1 when the rows do not come to what was stored. */
export async function explain(id: string, options: Looking & { labels?: true }): Promise<void> {
  await atDoor(options, 'cupel gate', async client => {
    const found = await verdictWithRows(client, id, false)
    if (found === null) return
    const { verdict, bundle } = found
    const figures = await recomputation(client).of(verdict.experimentId, {
      ...verdict.cut,
      at: verdict.decidedAt,
    })
    const differs = disagreement(bundle)
    const asStored = asStoredLine(bundle)
    if (options.json) {
      const { evidence } = bundle.stored
      const labels = options.labels ? { labels: labelsOf(bundle) } : {}
      say(JSON.stringify({ ...verdict, evidence, figures, differs, asStored, ...labels }, null, 2))
    } else {
      const { thresholds } = verdict
      say(
        `verdict ${verdict.id}: ${verdict.answer} for experiment ${verdict.experimentId}, ${verdict.decidedAt.toISOString()}`,
        `thresholds: accuracy ${thresholds.accuracy}, ${thresholds.latencyShare} of runs within ${thresholds.latencyMs - verdict.overheadMs} ms, error rate ${thresholds.errorRate}, margin ${thresholds.margin}, level ${thresholds.level}`,
        `rests on ${bundle.outcomes.length} pull requests to outcome ${verdict.cut.sequence}, and ${bundle.runs.length} runs`,
        ...labelLines(bundle),
        '',
        ...verdictLines(verdict.verdict),
        '',
        'recomputed by the database',
        ...figureLines(figures),
        '',
      )
      if (options.labels) say(...labelTable(bundle), '')
      if (differs === null) say('recomputed here from the same rows: it agrees to 1e-9')
      if (asStored !== null) say(asStored)
    }
    if (differs !== null) complain(`what is stored is not what its rows come to: ${differs}`)
  })
}

function figureLines(figures: readonly RecomputedFigure[]): string[] {
  const shown = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(6))))
  return table(
    ['FIGURE', 'N', 'VALUE', 'FOR', 'AGAINST', 'HOLDS'],
    figures.map(each => [
      each.figure,
      each.n === null ? '' : String(each.n),
      shown(each.value),
      each.logFor === null ? '' : eValue(each.logFor),
      each.logAgainst === null ? '' : eValue(each.logAgainst),
      each.holds ? 'yes' : 'no',
    ]),
  )
}
