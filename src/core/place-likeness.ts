import type { Likeness, Statement } from './label.ts'

/** Lines between two statements that may still mean one place. */
const nearLines = 3
const commonWords = new Set(
  'a an and are as at be been by can could for from has have if in is it its may might no not of on or should so than that the then this to was will with would you'.split(
    ' ',
  ),
)

/**
 * Likeness by place and shared words: statements of one file and side, at most three lines apart, that share a
 * quarter of the rarer one's words.
 */
export const placeLikeness: Likeness = { of: likeness, same: 0.25 }

function likeness(a: Statement, b: Statement): number {
  if (a.path !== b.path || a.side !== b.side) return 0
  if (Math.max(a.startLine - b.line, b.startLine - a.line) > nearLines) return 0
  const [one, other] = [words(a.text), words(b.text)]
  const smaller = Math.min(one.size, other.size)
  return smaller === 0 ? 0 : [...one].filter(word => other.has(word)).length / smaller
}

function words(text: string): Set<string> {
  return new Set(
    (text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? []).filter(word => !commonWords.has(word)),
  )
}
