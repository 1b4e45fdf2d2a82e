import type { Snapshot } from './snapshot.ts'
import { estimateTokens } from './tokens.ts'

/**
 * Characters that a reader cannot see or that reorder what is read: bidirectional controls, zero-width characters,
 * soft hyphen, variation selectors, the tag block (text smuggled as invisible ASCII), and control characters
 * other than tab, line feed and carriage return.
 */
const invisible =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/u
const invisibleRun = new RegExp(`(?:${invisible.source})+`, 'gu')
/** A run longer than this is shown by its beginning and its length, so that it cannot fill a prompt. */
const shownOfRun = 8

export function hasInvisible(text: string): boolean {
  return invisible.test(text)
}

/** Where such characters belong to writing: in emoji, between letters of joining scripts, as a byte order mark. */
const ordinary =
  // oxlint-disable-next-line no-misleading-character-class
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}0-9#*])[\uFE0E\uFE0F]|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})|(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}]\p{M}?)[\u200C\u200D](?=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}])|^\uFEFF/gu

/** How many characters of the text hide or reorder something. */
export function countInvisible(text: string): number {
  let count = 0
  for (const run of text.replace(ordinary, '').matchAll(invisibleRun)) count += Array.from(run[0]).length
  return count
}

/** For input: each such character becomes `\u{XXXX}`, so that a reviewer can see and report it. */
export function showInvisible(text: string): string {
  return text.replace(invisibleRun, run => {
    const points = Array.from(run)
    const shown = points
      .slice(0, shownOfRun)
      .map(point => `\\u{${point.codePointAt(0)?.toString(16).toUpperCase()}}`)
    const rest = points.length - shown.length
    return shown.join('') + (rest > 0 ? `[+${rest} invisible]` : '')
  })
}

/** For output: such characters and lone surrogates are taken away. */
export function stripInvisible(text: string): string {
  return text.toWellFormed().replaceAll('\uFFFD', '').replace(invisibleRun, '')
}

const hiddenMarkup = [
  /<!--[\s\S]*?(?:-->|$)/g,
  // A link definition shows nothing, and is commonly used as a comment: [//]: # (text)
  /^ {0,3}\[[^\]\n]{1,100}\]:[ \t]*(?:#|<>)[ \t]+\S.*$/gm,
]

/** Comments in Markdown are invisible to people, so no model reads them either. `removed` counts their characters. */
export function removeHtmlComments(text: string): { text: string; removed: number } {
  const kept = hiddenMarkup.reduce((rest, pattern) => rest.replace(pattern, ''), text)
  return { text: kept, removed: text.length - kept.length }
}

/** At most `max` code points, never ending on half a character; a cut is marked by an ellipsis. */
export function capCodePoints(text: string, max: number): string {
  if (text.length <= max) return text
  const points = Array.from(text.slice(0, max * 2 + 2))
  return points.length <= max && text.length <= max * 2 + 2 ? text : `${points.slice(0, max - 1).join('')}…`
}

/** The longest beginning of the text within `max` estimated tokens, cut at a line where one is near. */
export function capTokens(text: string, max: number): string {
  if (max <= 0) return ''
  if (text.length <= max || estimateTokens(text) <= max) return text
  let low = 0
  let high = Math.min(text.length, max * 8)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (estimateTokens(text.slice(0, middle)) <= max) low = middle
    else high = middle - 1
  }
  const cut = text
    .slice(0, low)
    .toWellFormed()
    .replace(/\uFFFD$/, '')
  const lineEnd = cut.lastIndexOf('\n')
  return lineEnd > cut.length * 0.7 ? cut.slice(0, lineEnd) : cut
}

const injections: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|all|your|system)\b.{0,40}\b(?:instruction|prompt|rule|direction|context)s?/i,
  /\b(?:do not|don't|never|stop)\b.{0,20}\b(?:report|flag|mention|raise|review)\b.{0,60}\b(?:issue|bug|finding|vulnerabilit|problem|secret|this file|this change|anything)/i,
  /\byou are now\b|\bnew system prompt\b|\bas an? (?:ai|language model|code reviewer)\b.{0,40}\b(?:must|should|will)\b/i,
  /\b(?:reveal|print|repeat|output|show)\b.{0,30}\b(?:system prompt|your instructions|hidden instructions|api key|environment variables)/i,
  /\b(?:approve|lgtm|merge)\b.{0,30}\b(?:this|the) (?:pull request|pr|change)\b.{0,40}\b(?:without|immediately|automatically|no matter)/i,
  /<\|?(?:im_start|im_end|system|endoftext)\|?>|\[\/?INST\]/i,
]

export interface Hostility {
  /** Characters inside HTML comments of the description. */
  hiddenCharacters: number
  /** Invisible or reordering characters in title, description and changed lines. */
  invisibleCharacters: number
  /** Where text speaks to the reviewer instead of the reader: `title`, `description` or a path. */
  injectionIn: string[]
}

/** People write short hidden templates; longer hidden text is told to the maintainers. */
export const hiddenWorthTelling = 200

export function isSuspicious(hostility: Hostility): boolean {
  return (
    hostility.hiddenCharacters > hiddenWorthTelling ||
    hostility.invisibleCharacters > 0 ||
    hostility.injectionIn.length > 0
  )
}

function speaksToReviewer(text: string): boolean {
  return injections.some(pattern => pattern.test(text))
}

/** The same of a snapshot: its title, description and added lines. */
export function snapshotHostility(snapshot: Snapshot): Hostility {
  const { title, body } = snapshot.pullRequest
  return detectHostility({
    title,
    body,
    added: snapshot.files.map(file => ({
      path: file.path,
      text: file.hunks
        .flatMap(hunk => hunk.lines.filter(line => line.kind === 'added').map(line => line.text))
        .join('\n'),
    })),
  })
}

/** Signs that a pull request addresses its reviewer. Only ever a warning to people: it decides nothing. */
export function detectHostility(request: {
  title: string
  body: string
  added: readonly { path: string; text: string }[]
}): Hostility {
  const sources = [
    { name: 'title', text: request.title },
    { name: 'description', text: request.body },
    ...request.added.map(file => ({ name: file.path, text: file.text })),
  ]
  return {
    hiddenCharacters: removeHtmlComments(request.body).removed,
    invisibleCharacters: sources.reduce((sum, source) => sum + countInvisible(source.text), 0),
    injectionIn: sources.filter(source => speaksToReviewer(source.text)).map(source => source.name),
  }
}
