/**
 * Tokens that `text` will cost as model input, estimated without a tokenizer's tables: loading those took 0.5 s and
 * 76 MB, a quarter of what a worker may hold. Never exact; meant to lie a little high (see the test for the bounds
 * against a real tokenizer: source, prose, lock files, non-Latin text). Linear, no allocation.
 */
export function estimateTokens(text: string): number {
  let tokens = 0
  let run = 0
  let kind = 0
  for (let i = 0; i < text.length; i++) {
    const next = kindOf(text.charCodeAt(i))
    if (next === kind) run++
    else {
      tokens += weigh(kind, run)
      kind = next
      run = 1
    }
  }
  return Math.ceil(tokens + weigh(kind, run))
}

const letter = 1
const digit = 2
const blank = 3
const newline = 4
const mark = 5
const wide = 6
const upper = 7
const alphabet = 8

function kindOf(code: number): number {
  if (code >= 97 && code <= 122) return letter
  if (code === 32 || code === 9) return blank
  if (code === 10 || code === 13) return newline
  if (code >= 48 && code <= 57) return digit
  if (code >= 65 && code <= 90) return upper
  if (code < 128) return mark
  // Below Hangul lie the alphabets, whose words tokenizers know; above lie scripts and signs of about a token each.
  return code < 0x1100 ? alphabet : wide
}

/** What a run of equal characters costs. Letters: a common word is one token, long or odd ones break every few characters. */
function weigh(kind: number, run: number): number {
  switch (kind) {
    case letter:
      return run <= 8 ? 0.75 : run / 6
    case upper:
      return run === 1 ? 0.4 : run / 2.2
    case digit:
      return Math.ceil(run / 3)
    case blank:
      // One space joins the word after it; indentation is one token whatever its depth.
      return run === 1 ? 0.05 : 1
    case newline:
      return 0.7
    case mark:
      return run === 1 ? 0.8 : run / 1.8
    case alphabet:
      return Math.max(0.75, run / 3)
    case wide:
      return run * 0.85
    default:
      return 0
  }
}
