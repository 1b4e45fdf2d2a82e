import { nightfall, workday, type Life } from './day.ts'
import { recordLines, releaseWords } from './evidence.ts'
import type { ReleaseState } from '../../src/ports/gate.ts'
import { canaryReviews, watchRelease } from '../../src/core/gate/watch.ts'

/** A tenth of these goes to the canary, which needs fifty healthy reviews. */
const CANARY_A_DAY = 48
const MOST_DAYS = 30
/** Beyond what is promised, on the real clock. */
const SLOW_MS = 3_400
const SLOW_REVIEWS = 32
const SLOW_AT_ONCE = 8
const MOST_ORDERS = 20

/** The promoted release: smoke test, a tenth of the pull requests, then all of them. Answers what is missing. */
export async function untilFull(life: Life): Promise<string[]> {
  const { world, tell } = life
  const promoted = await newestPromoted(life)
  if (promoted === undefined) return ['nothing was promoted']
  await world.production.carryOutOrders()
  await world.gate.look()
  const [smoke] = await world.gate.releases.orders(promoted.id)
  const result = smoke?.result as SmokeTold | null | undefined
  tell(
    `${promoted.id} is smoke-tested before it serves anybody: ${result?.passed === true ? 'passed' : 'not passed'}`,
    (result?.cases ?? []).map(
      each => `${each.name}: ${each.state}, ${each.found.length} found, ${each.missed.length} missed`,
    ),
  )
  // No experiment is on trial: nothing needs to be copied for one.
  world.production.sampling.rate = 0
  const standing = async (): Promise<string> => {
    // Its times are moved back with every day.
    const { id, at } = (await newestPromoted(life)) ?? promoted
    const healthy = (await world.gate.published.of(id, at)).filter(review => review.healthy).length
    return `, ${healthy} of ${canaryReviews} healthy reviews by ${id}`
  }
  const began = world.calendar.day()
  while (world.calendar.day() < began + MOST_DAYS) {
    await nightfall(life)
    await workday(life, CANARY_A_DAY, { judged: false, standing })
    const now = await newestPromoted(life)
    if (now === undefined || now.step !== 'canary') break
  }
  world.production.sampling.rate = 1
  const full = await newestPromoted(life)
  if (full?.step !== 'full')
    return [`the promoted release is ${full?.step} and never became full: ${full?.reason}`]
  const shares = await reviewsSince(life, full.createdAt)
  tell(`${full.id} reviews everything from now on`, [
    `as a canary: ${full.reason}`,
    `reviews since it was promoted: ${shares}`,
    releaseWords(full),
  ])
  return []
}

/** The release in force becomes slow; the watch takes it back. Answers what is missing. */
export async function untilRolledBack(life: Life): Promise<string[]> {
  const { world, tell } = life
  const broken = await newestPromoted(life)
  if (broken === undefined) return ['nothing was promoted']
  await nightfall(life)
  world.slowDown(SLOW_MS)
  tell(`the provider of ${broken.id} becomes slow: ${SLOW_MS} ms before each answer, on the real clock`)
  await workday(life, SLOW_REVIEWS, { atOnce: SLOW_AT_ONCE, judged: false })
  world.slowDown(0)
  const after = await newestPromoted(life)
  const reviews = await world.gate.published.of(broken.id, broken.at)
  const watch = watchRelease(
    reviews.map(review => ({ ...review, at: review.at.getTime() })),
    Date.now(),
  )
  const inForce = await world.gate.releases.inForce()
  for (let tries = 0; tries < MOST_ORDERS && !(await withdrawn(life, broken)); tries++)
    await world.production.carryOutOrders()
  const order = await withdrawn(life, broken)
  const record = (await world.gate.quarantine.records()).find(each => each.releaseId === broken.id)
  tell(`${broken.id} is rolled back in the look that saw it`, [
    `p95 ${Math.round(watch.p95Ms ?? 0)} ms over ${watch.reviews} reviews, promised 3000 ms`,
    ...(after === undefined ? [] : [`${after.step}: ${after.reason}`]),
    `in force again: ${releaseWords(inForce)}`,
    withdrawnWords(order?.result),
    ...(record === undefined ? [] : recordLines(record)),
  ])
  return [
    ...(after?.step === 'failed' ? [] : [`the slow release is ${after?.step}, not rolled back`]),
    ...(inForce.id === broken.id ? ['the slow release is still in force'] : []),
    ...(order === undefined ? ['its comments were not withdrawn'] : []),
    ...(record?.outcome === 'rolled-back' ? [] : ['the rolled back release was not archived']),
  ]
}

interface SmokeTold {
  passed: boolean
  cases: { name: string; state: string; found: string[]; missed: string[] }[]
}

function withdrawnWords(result: unknown): string {
  if (!result) return 'its open comments are not withdrawn'
  const { reviews, comments } = result as { reviews: number; comments: number }
  return `${comments} open comments of its ${reviews} reviews are withdrawn: folded, not deleted`
}

async function newestPromoted({ world }: Life): Promise<ReleaseState | undefined> {
  return (await world.gate.releases.all()).findLast(release => release.kind === 'promoted')
}

async function withdrawn({ world }: Life, { id }: ReleaseState) {
  const orders = await world.gate.releases.orders(id)
  return orders.find(order => order.kind === 'withdraw' && order.finishedAt !== null)
}

async function reviewsSince({ world }: Life, since: Date): Promise<string> {
  const releases = await world.gate.releases.all()
  const counts = await Promise.all(
    releases.map(async ({ id }) => `${id} ${(await world.gate.published.of(id, since)).length}`),
  )
  return counts.join(', ')
}
