// Control characters (a terminal obeys them), bidirectional and invisible ones (a reader is deceived by them),
// line separators, and halves of surrogate pairs.
const unsafe =
  // oxlint-disable-next-line no-misleading-character-class
  /[\p{Cc}\p{Cs}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** Untrusted text for one line of a terminal: what is unsafe is spelled out, tabs are blanks. */
export function printable(text: string): string {
  return text.replaceAll('\t', '    ').replaceAll(unsafe, character => {
    const code = character.codePointAt(0)!
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** The same for several lines: \n, and \r before it, end a line. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map(printable)
}
