import type { ProductionDeps, ReviewJob } from './deps.ts'

/** One job per head and occasion: asking twice is asking once. `delayMs` below 0 counts as 0. */
export async function askForReview(
  deps: Pick<ProductionDeps, 'reviewQueue'>,
  job: ReviewJob,
  delayMs = 0,
): Promise<void> {
  const id = ['review', job.repositoryId, job.number, job.headSha, job.occasion, job.label ?? ''].join('/')
  await deps.reviewQueue.add({ id, data: job }, { delayMs: Math.max(0, delayMs) })
}
