import { experimentsByPrefix } from '../adapters/postgres/published-experiments.ts'
import { standingOf } from '../adapters/postgres/published-standing.ts'
import { standingLines } from '../core/gate/standing-text.ts'
import { printable } from '../core/report/printable.ts'
import { atDoor, say, theOne, type Looking } from './acting.ts'
import { verdictLines } from './gate-text.ts'

/** `cupel gate show`: the gate's word as it would be now, and what is missing for another. */
export async function show(id: string, options: Looking): Promise<void> {
  await atDoor(options, 'cupel gate', async client => {
    const experiment = theOne(await experimentsByPrefix(client, id), id, 'experiment')
    if (experiment === null) return
    const standing = await standingOf(client, experiment, new Date())
    const { settings, position, verdict, slowModel } = standing
    const [stored] = standing.verdicts
    if (options.json) {
      const last =
        stored === undefined ? null : { id: stored.id, answer: stored.answer, decidedAt: stored.decidedAt }
      return say(JSON.stringify({ experiment, position, stored: last, settings, now: verdict }, null, 2))
    }
    say(
      `${experiment.id}  ${printable(experiment.name)}  ${experiment.state}`,
      stored === undefined
        ? 'the gate has said nothing yet'
        : `last word: ${stored.answer}, ${stored.decidedAt.toISOString()} (verdict ${stored.id})`,
      ...standingLines({ ...settings, state: experiment.state, verdict, position }).map(printable),
      '',
      ...verdictLines(verdict),
      ...(slowModel === null ? [] : ['', slowModel]),
    )
  })
}
