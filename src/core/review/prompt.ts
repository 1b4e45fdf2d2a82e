import { renderContext } from './context.ts'
import type { Candidate } from './finding.ts'
import { capTokens, removeHtmlComments, showInvisible } from './hostile.ts'
import { renderFile } from './prompt-diff.ts'
import type { Snapshot } from './snapshot.ts'
import { fixedPromptTokens, promptFactor, type Batch } from './technique.ts'
import { estimateTokens } from './tokens.ts'

export interface Prompt {
  system: string
  user: string
  /** The random words that stand in it. */
  nonces: Nonces
}

/** Values that must be fresh and unguessable for each call; made outside, since core has no randomness. */
export interface Nonces {
  /** Marks the ends of untrusted data. */
  boundary: string
  /** Must never appear in an answer. */
  canary: string
}

export interface ReviewPromptInput {
  template: string
  nonces: Nonces
  /** BCP 47 tag. */
  language: string
  snapshot: Pick<Snapshot, 'pullRequest' | 'contents' | 'instructions'>
  batch: Batch
  /** The maintainers' wishes for the paths of this batch, from the base branch. */
  instructions: readonly string[]
  /** Findings of analysers, given as context; empty when the technique does not. */
  known: readonly Candidate[]
}

/** Tokens kept free for the answer schema. */
const reserve = 280

/** Tokens of surrounding lines that also the smallest change gets, when there is room: it needs them most. */
const leastContext = 300

/** Prose costs up to this much more than estimated, where code costs less. */
const proseFactor = 1.2

function costOf(text: string): number {
  return Math.ceil(estimateTokens(text) * proseFactor)
}

/** A whole untrusted block; the text cannot close it, because it cannot know the boundary. */
function block(nonces: Nonces, name: string, text: string): string {
  return `<<<${nonces.boundary} ${name}\n${text.replaceAll(nonces.boundary, '')}\n${nonces.boundary}>>>`
}

function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
}

function languageTag(language: string): string {
  return /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/.test(language) ? language : 'en'
}

/** The densest line numbering that leaves most of the allowance to context; sparse for many short lines. */
function renderDiff(batch: Batch, allowance: number): string {
  const render = (numberEvery: number) =>
    batch.pieces.map(piece => renderFile(piece, { numberEvery })).join('\n')
  for (const numberEvery of [1, 5, 20]) {
    const text = render(numberEvery)
    if (estimateTokens(text) <= allowance) return text
  }
  return render(0)
}

/**
 * The prompt of one review call: at most 1.3 × the diff's own tokens + 1,500 by estimate, answer schema included.
 * What does not fit is cut in this order: surrounding lines, analysers' findings, description, instructions.
 */
export function renderReviewPrompt(input: ReviewPromptInput): Prompt {
  const { batch, nonces, snapshot } = input
  const system = fill(input.template, { ...nonces, language: languageTag(input.language) })
  const diff = block(nonces, 'diff', renderDiff(batch, batch.tokens * 1.18))
  let left = roomBeside(batch, system, diff)
  const parts: string[] = []
  const add = (name: string, text: string, max: number) => {
    const frame = costOf(block(nonces, name, '')) + 2
    const fitting = capTokens(text, Math.floor(Math.min(max, left - frame) / proseFactor))
    if (fitting.trim() === '') return
    const part = block(nonces, name, fitting)
    parts.push(part)
    left -= costOf(part) + 1
  }
  const instructions = [...input.instructions, ...snapshot.instructions.map(file => file.text)].join('\n')
  const body = removeHtmlComments(snapshot.pullRequest.body).text
  add('title (JSON)', JSON.stringify(showInvisible(snapshot.pullRequest.title.slice(0, 300))), 80)
  add('project conventions', showInvisible(instructions), Math.floor(left / 2))
  if (body.trim() !== '') add('description (JSON)', JSON.stringify(showInvisible(body.slice(0, 4_000))), 250)
  add('reported by analysers, do not repeat (JSON)', knownLines(input.known), Math.floor(left / 2))
  const room = Math.min(Math.max(leastContext, Math.floor(batch.tokens * 0.3)), left - 40)
  if (room > 0) add('surrounding lines', renderContext(batch.pieces, snapshot.contents, room), room)
  return { system, user: [...parts, diff].join('\n'), nonces }
}

function knownLines(known: readonly Candidate[]): string {
  return known
    .map(finding =>
      showInvisible(JSON.stringify([finding.path, finding.lineHint ?? null, finding.source, finding.title])),
    )
    .join('\n')
}

/** Most claims of one second pass: with more, too little of each would fit. */
export const claimsPerCheck = 20

/** The prompt of a second pass over the claims of one batch, numbered from 0. Same bound as a review prompt. */
export function renderSelfCheckPrompt(input: {
  template: string
  nonces: Nonces
  batch: Batch
  claims: readonly Candidate[]
}): Prompt {
  const { batch, nonces } = input
  const system = fill(input.template, { ...nonces })
  const diff = block(nonces, 'diff', renderDiff(batch, batch.tokens * 1.18))
  const left = roomBeside(batch, system, diff)
  // Each claim gets its share, so that none is left unjudged because another is long.
  let share = Math.max(24, Math.floor(left / Math.max(1, input.claims.length)))
  let claims = renderClaims(nonces, input.claims, share)
  while (costOf(claims) > left && share > 3) {
    share = Math.floor(share * 0.8)
    claims = renderClaims(nonces, input.claims, share)
  }
  return { system, user: `${diff}\n${claims}`, nonces }
}

/** `share`: tokens that the text of one claim may take. */
function renderClaims(nonces: Nonces, claims: readonly Candidate[], share: number): string {
  const cut = (text: string, part: number) => capTokens(showInvisible(text), Math.floor(share * part))
  const lines = claims.map((claim, id) =>
    JSON.stringify({
      id,
      path: cut(claim.path, 0.2),
      quote: cut(claim.quote, 0.3),
      claim: cut(`${claim.title}. ${claim.body}`, 0.5),
    }),
  )
  return block(nonces, 'claims (JSON lines)', lines.join('\n'))
}

/** Tokens that may stand beside instructions and diff. */
function roomBeside(batch: Batch, system: string, diff: string): number {
  const bound = Math.floor(batch.tokens * promptFactor) + fixedPromptTokens
  return bound - reserve - costOf(system) - estimateTokens(diff)
}
