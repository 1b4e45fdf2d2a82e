import { conceptOf } from './concepts.ts'
import type { Terms } from './terms.ts'

/** What is known of a finding and a label from their texts and the other texts of the call. */
export interface Likeness {
  /** Tilted TF-IDF cosine: 0 without a common term, 1 for equal texts, above 1 for a short finding in a long label. */
  cosine: number
  /** Cosine less that of the finding nearest to this label among those that may match it; 0 for the nearest itself. */
  behind: number
  /** ln(1 + BM25 of the label's terms in the finding). */
  bm25: number
}

/** In a squared length: a word that has a concept counts half, its concept whole, any other word whole. */
const WORD_BESIDE_CONCEPT = 0.5
/**
 * Power of the finding's and of the label's squared length by which the dot product is divided (0.5 and 0.5 is the
 * cosine). Findings explain and propose, labels are short: what a finding says beyond the label counts less.
 */
const FINDING_POWER = 0.4
const LABEL_POWER = 0.6
/** Robertson's usual values. */
const BM25_K1 = 1.2
const BM25_B = 0.75

type Weights = ReadonlyMap<string, number>

function countTexts(texts: readonly Terms[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const terms of texts) for (const term of terms.keys()) counts.set(term, (counts.get(term) ?? 0) + 1)
  return counts
}

function squaredLength(weights: Weights): number {
  let sum = 0
  for (const weight of weights.values()) sum += weight * weight
  return sum
}

interface Posting {
  labels: Int32Array
  weights: Float64Array
}

/** Where each term occurs. Typed arrays: the sums over them are nearly all of the time. */
function invert(texts: readonly Weights[]): Map<string, Posting> {
  const lists = new Map<string, { labels: number[]; weights: number[] }>()
  for (const [label, weights] of texts.entries())
    for (const [term, weight] of weights) {
      const list = lists.get(term) ?? { labels: [], weights: [] }
      list.labels.push(label)
      list.weights.push(weight)
      lists.set(term, list)
    }
  return new Map(
    lists
      .entries()
      .map(([term, { labels, weights }]) => [
        term,
        { labels: Int32Array.from(labels), weights: Float64Array.from(weights) },
      ]),
  )
}

/**
 * Likeness of every finding to every label. Inverse document frequencies are taken from the texts given here and from
 * nothing else: what the whole pull request speaks of then weighs little. No result depends on the order of either
 * list: sums run over a finding's own terms. Time: shared terms of all pairs, memory 16 bytes a pair.
 */
export function compareTexts(
  findings: readonly Terms[],
  labels: readonly Terms[],
  mayMatch: (finding: number, label: number) => boolean = () => true,
): (finding: number, label: number) => Likeness {
  const texts = findings.length + labels.length
  const occurrences = countTexts([...findings, ...labels])
  const frequency = (term: string): number => occurrences.get(term) ?? 0
  const weigh = (terms: Terms): Weights =>
    new Map(
      [...terms].map(([term, count]) => [
        term,
        // Sublinear tf and smoothed idf as in Manning, Raghavan, Schütze 2008, 6.2 and 6.4.
        (1 + Math.log(count)) *
          (Math.log((texts + 1) / (frequency(term) + 1)) + 1) *
          (conceptOf(term) === undefined ? 1 : Math.sqrt(WORD_BESIDE_CONCEPT)),
      ]),
    )
  const labelWeights = labels.map(weigh)
  const postings = invert(labelWeights)
  const labelLength = labelWeights.map(weights => squaredLength(weights) ** LABEL_POWER)
  const size = (terms: Terms): number => terms.values().reduce((sum, count) => sum + count, 0)
  const meanSize = findings.reduce((sum, terms) => sum + size(terms), 0) / Math.max(1, findings.length)

  const columns = labels.length
  const cosines = new Float64Array(findings.length * columns)
  const bm25s = new Float64Array(findings.length * columns)
  for (const [finding, terms] of findings.entries()) {
    const weights = weigh(terms)
    const length = squaredLength(weights) ** FINDING_POWER
    const slack = BM25_K1 * (1 - BM25_B + (BM25_B * size(terms)) / meanSize)
    const from = finding * columns
    for (const [term, weight] of weights) {
      const list = postings.get(term)
      if (list === undefined) continue
      const count = terms.get(term) ?? 0
      const rarity = Math.log(1 + (texts - frequency(term) + 0.5) / (frequency(term) + 0.5))
      const gain = (rarity * count * (BM25_K1 + 1)) / (count + slack)
      for (let at = 0; at < list.labels.length; at++) {
        const cell = from + (list.labels[at] as number)
        cosines[cell] = (cosines[cell] as number) + weight * (list.weights[at] as number)
        bm25s[cell] = (bm25s[cell] as number) + gain
      }
    }
    for (let label = 0; label < columns; label++)
      if (cosines[from + label] !== 0)
        cosines[from + label] = (cosines[from + label] as number) / (length * (labelLength[label] as number))
  }

  const best = new Float64Array(columns)
  for (const [cell, cosine] of cosines.entries()) {
    const label = cell % columns
    if (cosine > (best[label] as number) && mayMatch(Math.floor(cell / columns), label)) best[label] = cosine
  }
  return (finding, label) => {
    const cosine = cosines[finding * columns + label] as number
    return {
      cosine,
      behind: cosine - (best[label] as number),
      bm25: Math.log1p(bm25s[finding * columns + label] as number),
    }
  }
}
