import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalGitHub } from './github/server.ts'
import { isSummary, readReview, type SeenReview } from './read-review.ts'
import { complaints, judgeSample, type Judgement } from './samples/judge.ts'
import { loadSamples } from './samples/load.ts'
import { maintainer, openSamples, type OpenedSample } from './samples/open.ts'
import type { Paint } from './show/markdown.ts'
import { reviewLines } from './show/review.ts'

const POLL_MS = 150
/** Longest wait for one review, the first one's analysers included. */
const REVIEW_WITHIN_MS = 120_000

export interface DemoOutput {
  print(line: string): void
  /** A line that may be overwritten by the next. */
  progress(line: string): void
  width: number
  paint: Paint
}

/**
 * Opens every sample pull request and shows each review as it is done. Answers what is wrong, in words: nothing
 * when every pull request has its review, enough of the planted defects were found and nothing else was said.
 */
export async function runDemo(github: LocalGitHub, output: DemoOutput): Promise<string[]> {
  const { token } = await github.control.userToken({ login: maintainer })
  const api = { url: github.url, token }
  const repositories = await loadSamples()
  const total = repositories.reduce((sum, repository) => sum + repository.pullRequests.length, 0)
  const judgements: Judgement[] = []
  let shown = 0
  for (const repository of repositories) {
    output.progress(`[${shown}/${total}] opening pull requests in ${repository.owner}/${repository.name}`)
    for (const opened of await openSamples(github.control, repository)) {
      output.progress(`[${shown}/${total}] waiting for the review of ${opened.repo}#${opened.number}`)
      const seen = await awaitReview(api, opened)
      if (seen === null) {
        output.print(output.paint('red', `${opened.repo}#${opened.number} got no review`))
        continue
      }
      const judgement = judgeSample(opened.sample, seen.comments)
      judgements.push(judgement)
      shown++
      for (const line of reviewLines({ ...opened, ...opened.sample }, seen, output)) output.print(line)
      output.print(output.paint('dim', `[${shown}/${total}] ${verdict(opened, judgement)}`))
    }
  }
  const found = judgements.reduce((sum, each) => sum + each.found.length, 0)
  const missed = judgements.reduce((sum, each) => sum + each.missed.length, 0)
  output.print('')
  output.print(
    `${shown} of ${total} pull requests reviewed; ${found} of ${found + missed} planted defects found on their line.`,
  )
  return complaints(judgements, shown, total)
}

/** Null when the time is up. A review is there when its check run has ended and its summary stands. */
async function awaitReview(
  api: { url: string; token: string },
  opened: OpenedSample,
): Promise<SeenReview | null> {
  const until = performance.now() + REVIEW_WITHIN_MS
  while (performance.now() < until) {
    const seen = await readReview(api, opened)
    const summary = seen.talk.some(isSummary)
    if (seen.check?.status === 'completed' && (summary || seen.check.conclusion === 'skipped')) return seen
    await sleep(POLL_MS)
  }
  return null
}

function verdict(opened: OpenedSample, { found, missed, unwanted }: Judgement): string {
  if (opened.sample.clean)
    return unwanted.length === 0
      ? 'clean change, nothing said'
      : `clean change, ${unwanted.length} comments too many`
  const lost = missed.map(defect => ` ${defect.path}:${defect.line} (${defect.kind})`)
  return `${found.length} of ${found.length + missed.length} planted defects found${lost.length > 0 ? `, missed:${lost.join(',')}` : ''}`
}
