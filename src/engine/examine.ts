import { Fault } from '../core/fault.ts'
import type { FileChange } from '../core/review/diff.ts'
import { countReasons, isBlocking } from '../core/review/receipt.ts'
import { isUnchanged } from '../core/review/rounds.ts'
import { selectFiles } from '../core/review/skip.ts'
import { planCalls } from '../core/review/technique.ts'
import { runAnalysers } from './analyse.ts'
import { newNonce, newSlots, type Asking } from './ask.ts'
import { conclude, type Case } from './conclude.ts'
import { markRead, markUnaffordable, newLedger, type Ledger } from './ledger.ts'
import { askAll } from './models.ts'
import type { Examine, LateExamination } from './types.ts'

export type { Examination, Examine, ExamineDeps, LateExamination, Preferences } from './types.ts'
export type { EarlierRounds } from '../core/review/rounds.ts'

/** Analysers that go first may hold the models back for this part of the deadline, no longer. */
const analysersFirstShare = 0.4

/** See the type Examine for what it promises. */
export const examine: Examine = async (deps, snapshot, configuration, preferences, rounds, signal) => {
  const { limits, technique } = configuration
  const { clock } = deps
  const startedAt = clock.elapsed()
  const elapsed = () => Math.round(clock.elapsed() - startedAt)
  throwIfSuperseded(signal)

  const ending = new AbortController()
  const inner = AbortSignal.any([signal, ending.signal])
  const ledger = newLedger()
  const selection = selectFiles(snapshot.files, snapshot.contents, preferences.includes, limits.files)
  const about: Case = { snapshot, ...selection, preferences, minConfidence: limits.minConfidence, rounds }

  const analysing = runAnalysers(
    deps,
    ledger,
    preferences.analysers ? configuration.analysers : [],
    selection.reviewable,
    snapshot.contents,
    { fileBytes: limits.fileBytes, deadlineMs: limits.deadlineMs, signal: inner },
  )
  const asking: Asking = {
    deps,
    ledger,
    slots: newSlots(limits.parallelCalls),
    limits,
    spentTokens: { count: 0 },
    startedAt,
    signal: inner,
    cacheKey: `cupel:${snapshot.repository.id}:${configuration.prompt}`,
    canary: newNonce(),
  }
  const modelling = async () => {
    if (configuration.routing.strategy === 'none') return
    if (technique.analysersFirst)
      await atMost(clock.sleep(limits.deadlineMs * analysersFirstShare, inner), analysing)
    const plan = planCalls(filesToRead(ledger, about), technique.pass, limits)
    markUnaffordable(ledger, plan.left)
    const known = technique.analysersFirst ? [...ledger.candidates] : []
    await askAll(asking, { snapshot, configuration, preferences, known }, plan.batches)
  }

  let done = false
  const everything = Promise.all([analysing, modelling()]).then(() => void (done = true))
  const ended = everything.catch(() => undefined)
  // The abort is a backstop: adapters end at their own deadline, but a promise that never settles must not hold us.
  const aborted = clock.sleep(limits.abortMs, inner).then(
    () => ending.abort(),
    () => undefined,
  )
  try {
    await atMost(clock.sleep(limits.deadlineMs, inner), everything)
  } catch (error) {
    ending.abort()
    throw error
  }
  throwIfSuperseded(signal)

  const now = conclude(ledger, about)
  const atDeadline = { usd: ledger.usd, latencyMs: elapsed() }
  const later = (): LateExamination => {
    const { findings: late, lineDigests, receipt } = conclude(ledger, about, now)
    const leftOut = [
      ...receipt.leftOut,
      ...countReasons(late.map(({ severity }) => ({ reason: 'late', blocking: isBlocking(severity) }))),
    ]
    return { late, lineDigests, receipt: { ...receipt, leftOut }, usd: ledger.usd, latencyMs: elapsed() }
  }
  const pending = !done
  if (!pending) ending.abort()
  const whenLate = pending
    ? Promise.race([ended, aborted]).then(() => {
        const outcome = later()
        ending.abort()
        return outcome
      })
    : Promise.resolve({ late: [], lineDigests: now.lineDigests, receipt: now.receipt, ...atDeadline })
  return {
    ...now,
    ...atDeadline,
    late: [],
    pending,
    whenLate,
  }
}

/** What the models are asked about: what they have read in the last round, and is as it was, counts as read. */
function filesToRead(ledger: Ledger, { reviewable, rounds }: Case): FileChange[] {
  return reviewable.filter(file => {
    const unchanged = isUnchanged(file, rounds)
    if (unchanged) {
      markRead(ledger, [file])
      ledger.unchanged.add(file.path)
    }
    return !unchanged
  })
}

/** Waits for the work, but no longer than the sleep; an aborted sleep ends the wait. A failure of the work is thrown. */
async function atMost(sleep: Promise<void>, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, sleep.catch(() => undefined)])
}

function throwIfSuperseded(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw signal.reason instanceof Fault
    ? signal.reason
    : new Fault('superseded', 'A newer head took this review’s place.', { retry: 'never' })
}
