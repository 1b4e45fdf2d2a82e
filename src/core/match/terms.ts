import { conceptOf } from './concepts.ts'
import { stem } from './stem.ts'

/** What follows the first so many characters or different terms of a text is not read: it bounds hostile input. */
const MAX_CHARACTERS = 4_000
const MAX_TERMS = 200

const stopWords = new Set(
  `a an and are aren as at be been being but by can could couldn did didn do does doesn doing don for from had hadn has
  hasn have haven having if in into is isn it its itself may might must no nor not of off on onto or our out over own
  shall should shouldn so some such than that the their them then there these they this those to too under until up upon
  very was wasn we were weren what when where which while who whom why will with won would wouldn you your yours also
  just only both each any all more most other same here however because since due via per use using used one eg ie etc`
    .split(/\s+/)
    .map(word => word.trim()),
)

/** Words of every review, whatever it is about. They lend their concept, if they have one, and no weight of their own. */
const boilerplate = new Set(
  `actually additionally affect allow already behavior behaviour cause change code consider correctly current ensure
  even example file implementation instead intended introduce issue lead like line logic make making need new now
  possible possibly potential problem properly result still unintended whether`
    .split(/\s+/)
    .map(stem),
)

const prefixed = /\b(non|de|un|re|pre|mis|sub|multi|in)-(?=[a-z]{4})/gi
/** Pieces of camelCase, snake_case and prose; in scripts without spaces each letter is one. */
const pieces = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lo}|\p{Nd}+/gu

/** Terms with how often each occurs, in the order of first occurrence: stems, and the concepts they belong to. */
export type Terms = ReadonlyMap<string, number>

export function isConcept(term: string): boolean {
  return term.startsWith('~')
}

function* termsIn(text: string): Generator<string> {
  const plain = text
    .slice(0, MAX_CHARACTERS)
    .normalize('NFKC')
    .slice(0, MAX_CHARACTERS)
    .replace(prefixed, '$1')
  for (const [piece] of plain.matchAll(pieces)) {
    const word = piece.toLowerCase()
    if (stopWords.has(word) || /^[a-z]$/.test(word)) continue
    const stemmed = stem(word)
    if (!boilerplate.has(stemmed)) yield stemmed
    const concept = conceptOf(stemmed)
    if (concept !== undefined) yield concept
  }
}

/** A text without a single word is one term, so that it still equals itself. */
export function readTerms(text: string): Terms {
  const counts = new Map<string, number>()
  for (const term of termsIn(text)) {
    const count = counts.get(term)
    if (count !== undefined) counts.set(term, count + 1)
    else if (counts.size < MAX_TERMS) counts.set(term, 1)
  }
  const rest = text.slice(0, MAX_CHARACTERS).trim()
  if (counts.size === 0 && rest !== '') counts.set(`=${rest}`, 1)
  return counts
}
