import type { FileChange, Hunk } from './diff.ts'
import { renderFile } from './prompt-diff.ts'
import { estimateTokens } from './tokens.ts'

/** A file, or some of its hunks when it was too big for one call. */
export interface Piece {
  file: FileChange
  hunks: readonly Hunk[]
  /** Estimated tokens of the piece's own diff text. */
  tokens: number
}

/** What one model call looks at. */
export interface Batch {
  pieces: readonly Piece[]
  tokens: number
}

export interface CallPlan {
  batches: Batch[]
  /** Hunks that no call may look at within the review's tokens, or too big for any call. */
  left: Piece[]
}

/** Fixed part of a prompt: instructions, schema, title and description. The bound that prompt.ts keeps. */
export const fixedPromptTokens = 1_500
/** A prompt's diff part, context included, over the diff's own tokens. */
export const promptFactor = 1.3

function pieceOf(file: FileChange, hunks: readonly Hunk[]): Piece {
  return { file, hunks, tokens: estimateTokens(renderFile({ file, hunks }, { numberEvery: 0 })) }
}

/** The file whole when it fits, else its hunks packed together in order; a hunk that does not fit stays alone. */
function split(file: FileChange, room: number): Piece[] {
  const whole = pieceOf(file, file.hunks)
  if (whole.tokens <= room || file.hunks.length === 1) return [whole]
  const pieces: Piece[] = []
  let current: Piece | undefined
  for (const hunk of file.hunks) {
    const single = pieceOf(file, [hunk])
    if (current && current.tokens + single.tokens <= room) {
      current = { file, hunks: [...current.hunks, hunk], tokens: current.tokens + single.tokens }
      continue
    }
    if (current) pieces.push(current)
    current = single
  }
  if (current) pieces.push(current)
  return pieces
}

/** Files smaller than this share a call even per file: a call's fixed part would outweigh them. */
const packTokens = 1_200

/**
 * Which calls look at what. `single-pass` fills calls up to `callTokens`; `per-file` gives each file its own call,
 * small ones packed together. Calls beyond `reviewTokens` are not made. All figures in estimated tokens.
 */
export function planCalls(
  files: readonly FileChange[],
  pass: 'single-pass' | 'per-file',
  limits: { callTokens: number; reviewTokens: number },
): CallPlan {
  // A cap below the fixed part leaves room for nothing: such calls are listed as left.
  const room = Math.floor((limits.callTokens - fixedPromptTokens) / promptFactor)
  const pieces = files.flatMap(file => split(file, room))
  const left = pieces.filter(piece => piece.tokens > room)
  const fill = pass === 'single-pass' ? room : Math.min(room, packTokens)
  const batches: { pieces: Piece[]; tokens: number }[] = []
  for (const piece of pieces) {
    if (piece.tokens > room) continue
    const open = batches.at(-1)
    if (open && open.tokens + piece.tokens <= fill) {
      open.pieces.push(piece)
      open.tokens += piece.tokens
    } else batches.push({ pieces: [piece], tokens: piece.tokens })
  }
  let spent = 0
  const affordable = batches.filter(batch => {
    const cost = Math.ceil(batch.tokens * promptFactor) + fixedPromptTokens
    if (spent + cost > limits.reviewTokens) {
      left.push(...batch.pieces)
      return false
    }
    spent += cost
    return true
  })
  return { batches: affordable, left }
}

/** `src/a.ts`, or `3 files`: what a receipt calls a batch. */
export function batchSubject(batch: Batch): string {
  const paths = [...new Set(batch.pieces.map(piece => piece.file.path))]
  return paths.length === 1 ? (paths[0] ?? '') : `${paths.length} files`
}
