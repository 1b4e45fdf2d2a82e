import type { ModelChoice } from '../core/configuration.ts'
import type { Candidate } from '../core/review/finding.ts'
import { readElement, reviewAnswer, selfCheckAnswer } from '../core/review/prompt-answer.ts'
import { renderReviewPrompt, renderSelfCheckPrompt, type Prompt } from '../core/review/prompt.ts'
import { fallsBack, modelName, routeLegs, type Leg } from '../core/review/route.ts'
import type { Snapshot } from '../core/review/snapshot.ts'
import { batchSubject, type Batch } from '../core/review/technique.ts'
import type { Configuration } from '../core/configuration.ts'
import { askModel, betrays, newNonce, type Asking } from './ask.ts'
import { closeStep, markSeen, openStep } from './ledger.ts'
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

async function reviewBatch(asking: Asking, work: Work, batch: Batch, leg: Leg, share: number): Promise<void> {
  const prompt = reviewPrompt(asking, work, batch)
  const subject = batchSubject(batch)
  const fallback = leg.fallback
  const first = await reviewOnce(asking, work, batch, leg.ask, prompt, {
    share,
    ...(fallback ? { maxMs: asking.limits.abortMs * primaryShare } : {}),
  })
  if (first === 'ok' || first === 'final' || !fallback || asking.signal.aborted) return
  await reviewOnce(asking, work, batch, fallback, prompt, { share, fallbackFor: modelName(leg.ask), subject })
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

async function reviewOnce(
  asking: Asking,
  work: Work,
  batch: Batch,
  choice: ModelChoice,
  prompt: Prompt,
  options: { share: number; maxMs?: number; fallbackFor?: string; subject?: string },
): Promise<Ending> {
  const { ledger } = asking
  const step = { subject: batchSubject(batch), paths: paths(batch), fallbackFor: options.fallbackFor }
  if (!asking.deps.models.has(choice.provider)) {
    const open = openStep(ledger, { kind: 'model', name: modelName(choice), ...step })
    closeStep(open, { outcome: 'skipped', fault: 'model-unauthorized', latencyMs: 0 })
    return 'failed'
  }
  const checked = work.configuration.technique.selfCheck
  const claims: Candidate[] = []
  const known = new Set<string>()
  const take = (element: unknown) => {
    const candidate = readElement(element, modelName(choice))
    const key = JSON.stringify(element)
    if (!candidate || known.has(key)) return
    known.add(key)
    if (betrays(candidate, asking.canary)) ledger.hostile.push(candidate)
    else if (checked) claims.push(candidate)
    else ledger.candidates.push(candidate)
  }
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
    markSeen(ledger, batch.pieces)
  }
  if (checked && claims.length > 0) await selfCheck(asking, batch, choice, claims, options.share)
  if (answer.ok) return 'ok'
  if (answer.fault === 'budget-exhausted') {
    for (const piece of batch.pieces) for (const hunk of piece.hunks) ledger.unaffordable.add(hunk)
    return 'final'
  }
  return fallsBack(answer.fault.code) ? 'failed' : 'final'
}

/** A second pass tries to refute each claim. When it fails the claims stand, and the receipt shows the lost step. */
async function selfCheck(
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
