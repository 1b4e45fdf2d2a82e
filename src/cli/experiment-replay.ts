import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import {
  experimentsByPrefix,
  publishedReplays,
  requestReplay,
} from '../adapters/postgres/published-experiments.ts'
import type { PublishedExperiment } from '../ports/published.ts'
import { progressBar, replayLines } from '../core/experiment-text.ts'
import { printable } from '../core/report/printable.ts'

const POLL_MS = 500
/** Without a run that ends for so long, somebody should look whether the worker lives. */
const SILENCE_MS = 30_000

/** Asks for a replay and shows it until it has ended. Ctrl-C ends the showing, not the replay. Answers the exit code. */
export async function replayExperiment(
  client: pg.Client,
  experiment: PublishedExperiment,
  samples: number,
  actor: string,
): Promise<number> {
  const id = await requestReplay(client, experiment.id, samples, actor)
  const show = progress()
  let last = { done: -1, at: performance.now() }
  for (;;) {
    const replay = (await publishedReplays(client, experiment.id)).find(each => each.id === id)
    if (!replay) throw new Error(`replay ${id} is gone`)
    if (replay.outcome !== null && replay.summary !== null) {
      show.end(progressBar(replay.finishedRuns, replay.samples))
      process.stdout.write(`${replayLines(replay.outcome, replay.summary).join('\n')}\n`)
      return replay.outcome === 'done' ? 0 : 1
    }
    if (replay.finishedRuns !== last.done) last = { done: replay.finishedRuns, at: performance.now() }
    const silent = performance.now() - last.at > SILENCE_MS
    show.line(
      `${progressBar(replay.finishedRuns, replay.samples)}${silent ? `  ${await waitWords(client, experiment.id)}` : ''}`,
    )
    await sleep(POLL_MS)
  }
}

async function waitWords(client: pg.Client, id: string): Promise<string> {
  const [now] = await experimentsByPrefix(client, id)
  const reason = now?.state === 'active' ? now.stateReason : null
  return reason === null || reason === undefined
    ? 'no run has ended for a while: is the experiments worker running?'
    : `it waits: ${printable(reason)}`
}

/** One line that is written over on a terminal; elsewhere every change is a line of its own. */
function progress(): { line(text: string): void; end(text: string): void } {
  const { stderr } = process
  let shown = ''
  const line = (text: string): void => {
    if (text === shown) return
    shown = text
    stderr.write(stderr.isTTY ? `\r\u001B[K${text}` : `${text}\n`)
  }
  return {
    line,
    end(text) {
      line(text)
      if (stderr.isTTY) stderr.write('\n')
    },
  }
}
