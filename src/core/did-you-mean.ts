/**
 * The known word nearest to what was written, or null when none is near: at most two edits, and
 * fewer than half of the word. Words longer than 64 characters are not compared.
 */
export function didYouMean(said: string, known: readonly string[]): string | null {
  if (said.length > 64) return null
  let best: string | null = null
  let bestDistance = 3
  for (const word of known) {
    const distance = editDistance(said.toLowerCase(), word.toLowerCase())
    if (distance < bestDistance && distance * 2 < word.length) {
      best = word
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein distance: insertions, deletions and replacements. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
