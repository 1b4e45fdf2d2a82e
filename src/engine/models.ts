import type { ModelChoice } from '../core/configuration.ts'
import type { Candidate } from '../core/review/finding.ts'
import { maxElements, readElement, reviewAnswer, selfCheckAnswer } from '../core/review/prompt-answer.ts'
import {
  claimsPerCheck,
  renderReviewPrompt,
  renderSelfCheckPrompt,
  type Prompt,
} from '../core/review/prompt.ts'
import { fallsBack, modelName, routeLegs, type Leg } from '../core/review/route.ts'
import type { Snapshot } from '../core/review/snapshot.ts'
import { batchSubject, type Batch } from '../core/review/technique.ts'
import type { Configuration } from '../core/configuration.ts'
import { askModel, betrays, newNonce, type Asking } from './ask.ts'
import { closeStep, markRead, markUnaffordable, openStep, type Ledger } from './ledger.ts'
import { promptTemplate } from './prompts.ts'
import type { Preferences } from './types.ts'

/** The first model of an adaptive route may use this much of the time; the rest is its replacement's. */
const primaryShare = 0.6

export interface Work {
  snapshot: Snapshot
  configuration: Configuration
  preferences: Preferences
  known: readonly Candidate[]
}

function paths(batch: Batch): string[] {
  return [...new Set(batch.pieces.map(piece => piece.file.path))]
}

/** Puts every batch to every leg of the route; ends when all have ended. Never throws. */
export async function askAll(asking: Asking, work: Work, batches: readonly Batch[]): Promise<void> {
  const legs = routeLegs(work.configuration.routing)
  const share =
    1 / Math.max(1, batches.length * legs.length * (work.configuration.technique.selfCheck ? 2 : 1))
  await Promise.all(batches.flatMap(batch => legs.map(leg => reviewBatch(asking, work, batch, leg, share))))
}

/** The first model, its replacement when it fails, then the second look at what they claim. */
async function reviewBatch(asking: Asking, work: Work, batch: Batch, leg: Leg, share: number): Promise<void> {
  const prompt = reviewPrompt(asking, work, batch)
  const { ask, fallback } = leg
  const claims: Candidate[] = []
  const first = await reviewOnce(asking, work, batch, ask, prompt, claims, {
    share,
    ...(fallback ? { maxMs: asking.limits.abortMs * primaryShare } : {}),
  })
  const replaced = first === 'failed' && fallback !== undefined && !asking.signal.aborted
  if (replaced)
    await reviewOnce(asking, work, batch, fallback, prompt, claims, { share, fallbackFor: modelName(ask) })
  if (work.configuration.technique.selfCheck)
    await selfCheck(asking, batch, replaced ? fallback : ask, claims, share)
}

function reviewPrompt(asking: Asking, work: Work, batch: Batch): Prompt {
  const here = new Set(paths(batch))
  return renderReviewPrompt({
    template: promptTemplate(work.configuration.prompt),
    nonces: { boundary: newNonce(), canary: asking.canary },
    language: work.preferences.language,
    snapshot: work.snapshot,
    batch,
    instructions: [...new Set([...here].flatMap(path => [...work.preferences.instructionsFor(path)]))],
    known: work.known.filter(candidate => here.has(candidate.path)),
  })
}

type Ending = 'ok' | 'failed' | 'final'

/** `claims` receives what a self-check shall see; without one, claims are ready to be judged as they come. */
async function reviewOnce(
  asking: Asking,
  work: Work,
  batch: Batch,
  choice: ModelChoice,
  prompt: Prompt,
  claims: Candidate[],
  options: { share: number; maxMs?: number; fallbackFor?: string },
): Promise<Ending> {
  const { ledger } = asking
  const step = { subject: batchSubject(batch), paths: paths(batch), fallbackFor: options.fallbackFor }
  if (!asking.deps.models.has(choice.provider)) {
    const open = openStep(ledger, { kind: 'model', name: modelName(choice), ...step })
    closeStep(open, { outcome: 'skipped', fault: 'model-unauthorized', latencyMs: 0 })
    return 'failed'
  }
  const ready = work.configuration.technique.selfCheck ? claims : ledger.candidates
  const take = takeElements(ledger, ready, modelName(choice), asking.canary)
  const answer = await askModel(asking, {
    choice,
    prompt,
    schema: { name: 'review', type: reviewAnswer },
    stream: { key: 'findings', onElement: take },
    step,
    share: options.share,
    maxMs: options.maxMs,
  })
  if (answer.ok) {
    for (const element of answer.value.findings) take(element)
    markRead(ledger, batch.pieces)
    return 'ok'
  }
  if (answer.fault === 'budget-exhausted') {
    markUnaffordable(ledger, batch.pieces)
    return 'final'
  }
  return fallsBack(answer.fault.code) ? 'failed' : 'final'
}

/** Takes the elements of one answer, each once although it comes while streaming and again at the end. */
function takeElements(
  ledger: Ledger,
  ready: Candidate[],
  source: string,
  canary: string,
): (element: unknown) => void {
  const known = new Set<string>()
  return element => {
    const candidate = readElement(element, source)
    const key = JSON.stringify(candidate)
    if (!candidate || known.has(key)) return
    known.add(key)
    if (betrays(candidate, canary)) ledger.hostile.push(candidate)
    else if (known.size > maxElements) ledger.surplus.push(candidate.severity)
    else ready.push(candidate)
  }
}

/** A second pass tries to refute each claim. When it fails the claims stand, and the receipt shows the lost step. */
async function selfCheck(
  asking: Asking,
  batch: Batch,
  choice: ModelChoice,
  claims: readonly Candidate[],
  share: number,
): Promise<void> {
  const parts = Array.from({ length: Math.ceil(claims.length / claimsPerCheck) }, (_, part) =>
    claims.slice(part * claimsPerCheck, (part + 1) * claimsPerCheck),
  )
  await Promise.all(parts.map(part => checkClaims(asking, batch, choice, part, share / parts.length)))
}

async function checkClaims(
  asking: Asking,
  batch: Batch,
  choice: ModelChoice,
  claims: readonly Candidate[],
  share: number,
): Promise<void> {
  const { ledger } = asking
  const prompt = renderSelfCheckPrompt({
    template: promptTemplate('self-check@1'),
    nonces: { boundary: newNonce(), canary: asking.canary },
    batch,
    claims,
  })
  const answer = await askModel(asking, {
    choice,
    prompt,
    schema: { name: 'self_check', type: selfCheckAnswer },
    step: { subject: 'self-check', paths: paths(batch) },
    share,
  })
  const refuted = new Set(
    answer.ok ? answer.value.verdicts.filter(verdict => !verdict.holds).map(verdict => verdict.id) : [],
  )
  for (const [id, claim] of claims.entries())
    (refuted.has(id) ? ledger.refuted : ledger.candidates).push(claim)
}
