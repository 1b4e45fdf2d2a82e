import type pg from 'pg'
import { recomputation } from '../adapters/postgres/gate-recomputation.ts'
import { experimentsByPrefix } from '../adapters/postgres/published-experiments.ts'
import { bundleOf, publishedVerdicts, type PublishedVerdict } from '../adapters/postgres/published-gate.ts'
import { table } from '../core/experiment-text.ts'
import { disagreement, type Bundle } from '../core/gate/bundle.ts'
import { eValue } from '../core/gate/e-value.ts'
import type { RecomputedFigure } from '../ports/gate.ts'
import { atDoor, complain, say, theOne, type Looking } from './acting.ts'
import { verdictLines } from './gate-text.ts'

/** The verdict that is meant, with all it rests on; null, and a complaint, when there is none. */
export async function verdictWithRows(
  client: pg.Client,
  id: string,
): Promise<{ verdict: PublishedVerdict; bundle: Bundle } | null> {
  const verdict = theOne(await publishedVerdicts(client, { prefix: id }), id, 'verdict')
  if (verdict === null) return null
  const [experiment] = await experimentsByPrefix(client, verdict.experimentId)
  if (!experiment) throw new Error(`experiment ${verdict.experimentId} is gone`)
  return { verdict, bundle: await bundleOf(client, experiment, verdict) }
}

/** `cupel gate explain`: exit code 1 when the rows do not come to what was stored. */
export async function explain(id: string, options: Looking): Promise<void> {
  await atDoor(options, 'cupel gate', async client => {
    const found = await verdictWithRows(client, id)
    if (found === null) return
    const { verdict, bundle } = found
    const figures = await recomputation(client).of(verdict.experimentId, {
      ...verdict.cut,
      at: verdict.decidedAt,
    })
    const differs = disagreement(bundle)
    if (options.json) {
      say(JSON.stringify({ ...verdict, figures, differs }, null, 2))
    } else {
      const { thresholds } = verdict
      say(
        `verdict ${verdict.id}: ${verdict.answer} for experiment ${verdict.experimentId}, ${verdict.decidedAt.toISOString()}`,
        `thresholds: accuracy ${thresholds.accuracy}, ${thresholds.latencyShare} of runs within ${thresholds.latencyMs - verdict.overheadMs} ms, error rate ${thresholds.errorRate}, margin ${thresholds.margin}, level ${thresholds.level}`,
        `rests on ${bundle.outcomes.length} pull requests to outcome ${verdict.cut.sequence}, and ${bundle.runs.length} runs`,
        `labels: ${labelWords(bundle.labels)}`,
        '',
        ...verdictLines(verdict.verdict),
        '',
        'recomputed by the database',
        ...figureLines(figures),
        '',
      )
      if (differs === null) say('recomputed here from the same rows: it agrees to 1e-9')
    }
    if (differs !== null) complain(`what is stored is not what its rows come to: ${differs}`)
  })
}

function labelWords(labels: readonly unknown[]): string {
  const counts = new Map<string, number>()
  for (const { kind, label } of labels as readonly { kind: string; label: string }[])
    counts.set(`${kind} ${label}`, (counts.get(`${kind} ${label}`) ?? 0) + 1)
  const words = [...counts].map(([what, count]) => `${count} ${what}`).toSorted((a, b) => a.localeCompare(b))
  return words.length === 0 ? 'none' : words.join(', ')
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
