import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { askForReview } from '../../../jobs/production/ask.ts'
import { takeReview } from '../../../jobs/production/take-review.ts'
import { startModelStub, type ModelStub } from '../../../sandbox/models/stub.ts'
import { plantedReviewer } from '../../../sandbox/models/reviewers.ts'
import { createMemory } from '../../../src/adapters/models/memory.ts'
import { createModels } from '../../../src/adapters/models/models.ts'
import { modelAnswers } from '../../../src/adapters/postgres/model-answers.ts'
import { genesisModelsConfiguration } from '../../../src/core/genesis.ts'
import type { StoredAnswerOutcome } from '../../../src/ports/metrics.ts'
import { until } from '../../e2e/until.ts'
import { see } from '../../e2e/repository.ts'
import { startJobs, type JobWorld } from './setup.ts'

let world: JobWorld
let stub: ModelStub
let stored: StoredAnswerOutcome[]
beforeAll(async () => {
  world = await startJobs()
  stub = await startModelStub({
    answer: plantedReviewer([
      {
        path: 'src/a.ts',
        marker: 'transfer(',
        finding: {
          severity: 'high',
          category: 'correctness',
          title: 'Unchecked',
          body: 'It may be negative.',
        },
      },
    ]),
  })
  const { deps } = world
  const access = { openai: { apiKey: 'stub-key', baseURL: stub.openAiUrl } }
  deps.models = createModels({ ...access, clock: deps.clock })
  deps.memoryOf = createMemory({
    answers: modelAnswers(world.pool, 'production'),
    days: 7,
    endpoints: { openai: stub.openAiUrl },
    clock: deps.clock,
    metrics: { storedAnswer: outcome => void stored.push(outcome) },
    log: deps.log,
  })
  const configuration = genesisModelsConfiguration({ openai: 'gpt-6.1-terra', anthropic: null })!
  const limits = { ...configuration.limits, deadlineMs: 20_000 }
  await deps.releases.installGenesisModels({ ...configuration, limits })
})
afterAll(async () => {
  await world?.close()
  await stub?.close()
})
beforeEach(() => void (stored = []))
afterEach(() => expect(world.github.validationErrors).toEqual([]))

const signal = new AbortController().signal
const asked = () => world.asked({ 'src/a.ts': 'export const pay = () => transfer(-1)\n' })
const calls = (): number => stub.requests.length
const kept = (times: number) =>
  until('the answer is kept', () => stored.filter(outcome => outcome === 'kept').length === times)
const moneyOf = async (repositoryId: number) =>
  (
    await world.owner.query<{ reserved: number; spent: string }>(
      `select count(*)::int as reserved, coalesce(sum(settled_usd), 0) as spent
       from production.budget_reservations where repository_subject = $1`,
      [String(repositoryId)],
    )
  ).rows[0]

/** A worker that dies when the model has answered and nothing of the review is stored yet. */
async function die(requestId: string): Promise<void> {
  const reviews = {
    ...world.deps.reviews,
    saveExamination: () => Promise.reject(new Error('the worker was killed')),
  }
  await expect(takeReview({ ...world.deps, reviews }, requestId, signal)).rejects.toThrow('killed')
}

it('a review that is taken up again is paid once, and says so', async () => {
  const at = await asked()
  const before = calls()
  await die(at.requestId)
  await kept(1)
  const paid = await moneyOf(at.repositoryId)
  await takeReview(world.deps, at.requestId, signal)
  expect(calls() - before).toBe(1)
  expect(stored).toEqual(['miss', 'kept', 'hit'])
  expect(await moneyOf(at.repositoryId)).toEqual(paid)
  const seen = see(world, at)
  expect(seen.findings).toHaveLength(1)
  expect(seen.summaries[0]?.body).toContain('stored answer')
})

it('who asks for a review gets a new answer, paid once however often its worker dies', async () => {
  const at = await asked()
  await takeReview(world.deps, at.requestId, signal)
  await kept(1)
  const before = calls()
  const [owner = '', repo = ''] = at.repo.split('/')
  const { rows } = await world.owner.query<{ head_sha: string; installation_id: string }>(
    'select head_sha, installation_id from production.pull_requests where repository_id = $1',
    [at.repositoryId],
  )
  await askForReview(world.deps, {
    installationId: Number(rows[0]?.installation_id),
    repositoryId: at.repositoryId,
    owner,
    repo,
    number: at.number,
    headSha: rows[0]?.head_sha ?? '',
    occasion: 'comment/1',
    label: null,
    asked: true,
    full: true,
    dueAt: world.deps.clock.now(),
  })
  const requestId = world.jobs.at(-1) ?? ''
  await die(requestId)
  await kept(2)
  await takeReview(world.deps, requestId, signal)
  expect(calls() - before).toBe(1)
  expect(stored).toEqual(['miss', 'kept', 'miss', 'kept', 'hit'])
})

it('a review goes on when stored answers are out of reach', async () => {
  const at = await asked()
  await world.owner.query('revoke all on production.model_answers from cupel_production')
  try {
    await takeReview(world.deps, at.requestId, signal)
  } finally {
    await world.owner.query(
      'grant select, insert, update, delete on production.model_answers to cupel_production',
    )
  }
  expect(see(world, at).findings).toHaveLength(1)
  expect(stored).toEqual(['lookup-failed', 'keep-failed'])
})
