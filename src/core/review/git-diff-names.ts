/** The two names of a `diff --git` line, prefixes taken off, and how long those prefixes were. */
export interface HeaderNames {
  old: string
  new: string
}

/**
 * A name as git writes it: bare, or in double quotes with C escapes (octal escapes are bytes of UTF-8).
 * Answers the name and what follows it; undefined when the quotes never close.
 */
export function readQuoted(text: string): { name: string; rest: string } | undefined {
  const bytes: number[] = []
  const encoder = new TextEncoder()
  let at = 1
  while (at < text.length) {
    const character = String.fromCodePoint(text.codePointAt(at)!)
    if (character === '"') {
      return { name: new TextDecoder().decode(new Uint8Array(bytes)), rest: text.slice(at + 1) }
    }
    if (character !== '\\') {
      bytes.push(...encoder.encode(character))
      at += character.length
      continue
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))
    if (octal) {
      bytes.push(Number.parseInt(octal[0], 8))
      at += 4
      continue
    }
    const escaped = text[at + 1]
    if (escaped === undefined) return undefined
    bytes.push(...encoder.encode(escapes[escaped] ?? escaped))
    at += 2
  }
  return undefined
}

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** A whole line's name: `rename from`, `---`. A tab ends a bare name (git quotes names that hold one). */
export function readName(text: string): string {
  if (text.startsWith('"')) return readQuoted(text)?.name ?? text
  const tab = text.indexOf('\t')
  return tab < 0 ? text : text.slice(0, tab)
}

/**
 * The names of `diff --git X Y`. Bare names may hold blanks, so the split is where both halves are the same
 * path under two prefixes (or under none). Undefined for a rename between bare names with blanks, whose
 * `rename from` and `rename to` lines say it plainly.
 */
export function readHeaderNames(text: string): HeaderNames | undefined {
  if (text.startsWith('"')) {
    const left = readQuoted(text)
    if (!left?.rest.startsWith(' ')) return undefined
    return withoutPrefixes(left.name, readName(left.rest.slice(1)))
  }
  if (text.endsWith('"')) {
    const split = text.indexOf(' "')
    return split < 0 ? undefined : withoutPrefixes(text.slice(0, split), readName(text.slice(split + 1)))
  }
  // Both names are the same path under prefixes of about the same length: the right blank is near the middle.
  const blanks: number[] = []
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) blanks.push(at)
  const middle = (text.length - 1) / 2
  blanks.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))
  for (const split of blanks) {
    const names = withoutPrefixes(text.slice(0, split), text.slice(split + 1))
    if (names.old === names.new) return names
  }
  return blanks.length === 1
    ? withoutPrefixes(text.slice(0, blanks[0]), text.slice(blanks[0]! + 1))
    : undefined
}

/**
 * Takes `a/` and `b/`, git's mnemonic pairs (i/ w/ c/ o/ 1/ 2/) or one custom folder each off. Equal names have
 * no prefix: with prefixes they would differ.
 */
export function withoutPrefixes(left: string, right: string): HeaderNames {
  if (left === right) return { old: left, new: right }
  const pair = /^[a-z12]\/$/
  if (pair.test(left.slice(0, 2)) && pair.test(right.slice(0, 2)) && left[0] !== right[0]) {
    return { old: left.slice(2), new: right.slice(2) }
  }
  const afterLeft = left.slice(left.indexOf('/') + 1)
  const afterRight = right.slice(right.indexOf('/') + 1)
  const custom = afterLeft === afterRight && afterLeft !== left && afterRight !== right
  return custom ? { old: afterLeft, new: afterRight } : { old: left, new: right }
}
