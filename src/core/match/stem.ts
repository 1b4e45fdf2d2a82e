/** Endings, longest kin first, and what takes their place; the first that fits is taken off. */
const endings: readonly (readonly [ending: string, instead: string])[] = [
  ['izations', 'iz'],
  ['ization', 'iz'],
  ['ations', 'at'],
  ['ation', 'at'],
  ['ments', 'ment'],
  ['ities', ''],
  ['ity', ''],
  ['ness', ''],
  ['iveness', 'iv'],
  ['fulness', 'ful'],
  ['ically', 'ic'],
  ['ingly', ''],
  ['edly', ''],
  ['ies', 'y'],
  ['sses', 'ss'],
  ['ings', ''],
  ['ing', ''],
  ['ied', 'y'],
  ['ed', ''],
  ['ers', 'er'],
  ['ions', 'ion'],
  ['ion', ''],
  ['ly', ''],
  ['es', ''],
  ['s', ''],
]

const SHORTEST_STEM = 3

function withoutEnding(word: string): string {
  for (const [ending, instead] of endings)
    if (word.endsWith(ending) && word.length - ending.length >= SHORTEST_STEM)
      return word.slice(0, -ending.length) + instead
  return word
}

/**
 * Common stem of an English word's forms (`throws`, `throwing`, `thrown` is beyond it). One ending is taken off, so
 * it is cruder than Porter's; a thesaurus that is stemmed by the same rule repairs most of what it tears apart.
 */
export function stem(word: string): string {
  if (word.length <= SHORTEST_STEM) return word
  let stemmed = withoutEnding(word)
  const last = stemmed.at(-1) ?? ''
  if (stemmed.length > 3 && last === stemmed.at(-2) && !'lsz'.includes(last)) stemmed = stemmed.slice(0, -1)
  if (stemmed.length > 4 && stemmed.endsWith('e')) stemmed = stemmed.slice(0, -1)
  if (stemmed.length > 3 && stemmed.endsWith('i')) stemmed = `${stemmed.slice(0, -1)}y`
  return stemmed
}
