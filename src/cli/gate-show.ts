import {
  publishedPosition,
  publishedSettings,
  publishedVerdicts,
  rowsOfNow,
} from '../adapters/postgres/published-gate.ts'
import { experimentsByPrefix } from '../adapters/postgres/published-experiments.ts'
import { levelAt } from '../core/gate/budget.ts'
import { recompute } from '../core/gate/bundle.ts'
import { printable } from '../core/report/printable.ts'
import { atDoor, say, theOne, type Looking } from './acting.ts'
import { verdictLines } from './gate-text.ts'
import { slowModelLine } from './slow-models.ts'

/** `cupel gate show`: the gate's word as it would be now, and what is missing for another. */
export async function show(id: string, options: Looking): Promise<void> {
  await atDoor(options, 'cupel gate', async client => {
    const experiment = theOne(await experimentsByPrefix(client, id), id, 'experiment')
    if (experiment === null) return
    const settings = await publishedSettings(client)
    const position = await publishedPosition(client, experiment.id)
    const [stored] = await publishedVerdicts(client, { experimentId: experiment.id })
    const { verdict } = recompute(await rowsOfNow(client, experiment.id, settings, new Date()))
    if (options.json) {
      const last =
        stored === undefined ? null : { id: stored.id, answer: stored.answer, decidedAt: stored.decidedAt }
      return say(JSON.stringify({ experiment, position, stored: last, settings, now: verdict }, null, 2))
    }
    const { pause, thresholds, promotion } = settings
    const slow = await slowModelLine(client, experiment, settings)
    say(
      `${experiment.id}  ${printable(experiment.name)}  ${experiment.state}`,
      stored === undefined
        ? 'the gate has said nothing yet'
        : `last word: ${stored.answer}, ${stored.decidedAt.toISOString()} (verdict ${stored.id})`,
      experiment.state === 'active'
        ? `as it stands: ${verdict.answer}`
        : 'its trial has ended; the figures as they stand:',
      position === null
        ? 'error budget: no position yet'
        : `error budget: position ${position.position} with ${position.promotions} promoted, level ${levelAt(thresholds.level, position).toPrecision(3)}`,
      ...(pause?.paused
        ? [`the gate is paused by ${printable(pause.actor)}: ${printable(pause.reason)}`]
        : []),
      ...(promotion === 'approve' ? ['each promotion waits for a person: `cupel gate promote`'] : []),
      '',
      ...verdictLines(verdict),
      ...(slow === null ? [] : ['', slow]),
    )
  })
}
