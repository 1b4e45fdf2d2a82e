import type { BlockContent, Nodes, PhrasingContent, Root, RootContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown, gfmToMarkdown } from 'mdast-util-gfm'
import { toMarkdown } from 'mdast-util-to-markdown'
import { gfm } from 'micromark-extension-gfm'
import { capCodePoints, stripInvisible } from './hostile.ts'
import { defuse, isInert, isPermalink, maskSecrets, type OutputPlace } from './sanitise-text.ts'

export function parseMarkdown(text: string): Root {
  return fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
}

function printMarkdown(root: Root): string {
  return toMarkdown(root, {
    extensions: [gfmToMarkdown()],
    bullet: '-',
    fences: true,
    resourceLink: true,
    rule: '-',
  }).trim()
}

/** A language may name a renderer (mermaid, math, maps) or be a `suggestion`: only programming languages stay. */
function fenceLanguage(lang: string | null | undefined): string | null {
  if (!lang || !/^[\w+#-]{1,20}$/.test(lang)) return null
  return /^(?:suggestion|mermaid|math|geojson|topojson|stl|html)$/i.test(lang) ? null : lang
}

/** Bots read commands also inside code, so no line may begin with one. */
function codeText(text: string): string {
  return maskSecrets(text).replace(/^(?=\/[A-Za-z]|@\w|(?:bors|homu|rultor)\b)/gim, ' ')
}

/** What may stay of inline content, its text not yet defused: what was dropped may have stood inside a word. */
function reduce(nodes: readonly Nodes[], place: OutputPlace): PhrasingContent[] {
  return nodes.flatMap((node): PhrasingContent[] => {
    switch (node.type) {
      case 'text':
        return [node]
      case 'inlineCode':
        return [{ type: 'inlineCode', value: maskSecrets(node.value.replace(/\s+/g, ' ')) }]
      case 'emphasis':
      case 'strong':
        return [{ type: node.type, children: reduce(node.children, place) }]
      case 'break':
        return [{ type: 'break' }]
      case 'link': {
        const children = reduce(node.children, place)
        return isPermalink(node.url, place) ? [{ type: 'link', url: node.url, children }] : children
      }
      case 'image':
      case 'imageReference':
        return [{ type: 'text', value: node.alt ?? '' }]
      case 'html':
        // `Array<string>` reads as a tag; a bare tag is more likely a type than HTML.
        return /^<\w+>$/.test(node.value) ? [{ type: 'inlineCode', value: node.value }] : []
      case 'footnoteReference':
        return []
      default:
        return 'children' in node ? reduce(node.children, place) : []
    }
  })
}

/** Texts that stand side by side become one, so that `@` and `name` are seen together; then each is defused. */
function settle(nodes: readonly PhrasingContent[]): PhrasingContent[] {
  const joined: PhrasingContent[] = []
  for (const node of nodes) {
    const last = joined.at(-1)
    if (node.type === 'text' && last?.type === 'text')
      joined[joined.length - 1] = { type: 'text', value: last.value + node.value }
    else joined.push(node)
  }
  const settled = joined.flatMap((node): PhrasingContent[] => {
    if (node.type === 'text') return defuse(maskSecrets(node.value))
    return 'children' in node ? [{ ...node, children: settle(node.children) }] : [node]
  })
  // Two code spans printed side by side would read as one.
  return settled.flatMap((node, at) =>
    node.type === 'inlineCode' && settled[at - 1]?.type === 'inlineCode'
      ? [{ type: 'text', value: ' ' }, node]
      : [node],
  )
}

function phrasing(nodes: readonly Nodes[], place: OutputPlace): PhrasingContent[] {
  return settle(reduce(nodes, place))
}

/** Beyond this depth lists and quotes are flattened: deep nesting only serves to slow a renderer down. */
const maxDepth = 6

function blocks(nodes: readonly Nodes[], place: OutputPlace, depth: number): BlockContent[] {
  return nodes.flatMap((node): BlockContent[] => {
    switch (node.type) {
      case 'paragraph':
        return [{ type: 'paragraph', children: phrasing(node.children, place) }]
      case 'heading':
        return [
          { type: 'paragraph', children: [{ type: 'strong', children: phrasing(node.children, place) }] },
        ]
      case 'code':
        return [{ type: 'code', lang: fenceLanguage(node.lang), value: codeText(node.value) }]
      case 'list':
        if (depth > maxDepth) return blocks(node.children, place, depth + 1)
        return [
          {
            type: 'list',
            ordered: node.ordered,
            start: node.start,
            spread: false,
            children: node.children.map(item => ({
              type: 'listItem',
              spread: false,
              children: blocks(item.children, place, depth + 1),
            })),
          },
        ]
      case 'tableRow':
        return [
          {
            type: 'paragraph',
            children: phrasing(
              node.children.flatMap((cell, at) =>
                at === 0 ? cell.children : [{ type: 'text' as const, value: ' · ' }, ...cell.children],
              ),
              place,
            ),
          },
        ]
      case 'definition':
      case 'footnoteDefinition':
      case 'thematicBreak':
      case 'yaml':
        return []
      case 'html':
        return []
      default:
        if ('children' in node && isBlock(node)) return blocks(node.children, place, depth + 1)
        return [{ type: 'paragraph', children: phrasing([node], place) }]
    }
  })
}

function isBlock(node: Nodes): boolean {
  return ['root', 'blockquote', 'table', 'listItem', 'tableRow'].includes(node.type)
}

const allowed: ReadonlySet<Nodes['type']> = new Set<Nodes['type']>([
  'root',
  'paragraph',
  'text',
  'code',
  'inlineCode',
  'list',
  'listItem',
  'emphasis',
  'strong',
  'break',
  'link',
])

/** Whether Markdown, read again, holds only what may be shown: the same question a renderer will answer. */
export function isSafeMarkdown(text: string, place: OutputPlace): boolean {
  const safe = (node: RootContent | Root): boolean =>
    allowed.has(node.type) &&
    (node.type !== 'link' || isPermalink(node.url, place)) &&
    (node.type !== 'text' || isInert(node.value)) &&
    (!('children' in node) || node.children.every(safe))
  return safe(parseMarkdown(text))
}

/** Longest run of backticks in the text. */
function longestFence(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), run => run[0].length))
}

/** A fenced block that its text cannot end: one backtick more than the longest run inside, at least three. */
export function fence(text: string, info: string): string {
  const marks = '`'.repeat(Math.max(3, longestFence(text) + 1))
  return text === '' ? `${marks}${info}\n${marks}` : `${marks}${info}\n${text}\n${marks}`
}

/** Text so nested that reading it would take seconds, or more stack than there is. */
const nested = /^(?:[ \t]*(?:>|[-+*](?=\s)|\d{1,9}[.)](?=\s))){12}/m

/** Reading time grows with the square of these. */
const mostMarks = 300

function isCostly(text: string): boolean {
  return nested.test(text) || (text.match(/[*_~[\]<`|]/g)?.length ?? 0) > mostMarks
}

/** Our own hidden marks prove what Cupel posted, so no text from outside may hold one, not even as code. */
function withoutMarks(text: string): string {
  return text.replace(/<!--(?=\s*cupel:)/gi, '<! --')
}

/** One paragraph of words, common punctuation and code spans, none of which Markdown reads in another way. */
const plainParagraph = /^[A-Za-z](?:[A-Za-z0-9 ,.;:?%'"()…-]|`[A-Za-z0-9 ,.;:?%'"()_=+-]+`(?!`))*$/

/** Most of what is written is plain, and reading and printing it costs some milliseconds of processor a finding. */
function isPlain(text: string): boolean {
  return text.split('\n\n').every(paragraph => plainParagraph.test(paragraph)) && isInert(text)
}

/** Untrusted Markdown as Markdown in which nothing links out, notifies, runs or hides. `max` in code points. */
export function sanitiseMarkdown(text: string, place: OutputPlace, max: number): string {
  const clean = withoutMarks(capCodePoints(stripInvisible(text), max))
  if (isPlain(clean.trim())) return clean.trim()
  const asCode = () => fence(codeText(clean), 'text')
  if (isCostly(clean)) return asCode()
  const root = parseMarkdown(clean)
  const printed = withoutMarks(printMarkdown({ type: 'root', children: blocks(root.children, place, 0) }))
  // Printing and reading again do not always agree; then the text is shown as it is, as code.
  return printed.length <= 4 * max && isSafeMarkdown(printed, place) ? printed : asCode()
}

/** Untrusted text as one line of Markdown, for titles. `max` in code points. */
export function sanitiseLine(text: string, place: OutputPlace, max: number): string {
  const line = withoutMarks(capCodePoints(stripInvisible(text).replace(/\s+/g, ' ').trim(), max))
  if (isPlain(line)) return line
  const [only, ...others] = isCostly(line) ? [] : parseMarkdown(line).children
  const children =
    only?.type === 'paragraph' && others.length === 0
      ? phrasing(only.children, place)
      : defuse(maskSecrets(line))
  const printed = withoutMarks(
    printMarkdown({ type: 'root', children: [{ type: 'paragraph', children }] }).replace(/\n+/g, ' '),
  )
  return isSafeMarkdown(printed, place) ? printed : codeSpan(line)
}

/** Untrusted text as an inline code span of at most 300 code points. */
export function codeSpan(text: string): string {
  const clean = capCodePoints(stripInvisible(maskSecrets(text)).replace(/\s+/g, ' '), 300)
  const value = withoutMarks(clean)
  const marks = '`'.repeat(longestFence(value) + 1)
  const pad = value.startsWith('`') || value.endsWith('`') || value.trim() === '' ? ' ' : ''
  return `${marks}${pad}${value}${pad}${marks}`
}

/**
 * A code span for a table cell. A bar ends a cell even inside code unless a backslash stands before it, and a second
 * backslash would undo that: the text's own backslashes before a bar are dropped.
 */
export function cellSpan(text: string): string {
  return codeSpan(text).replace(/\\*\|/g, '\\|')
}

/** For places that show text as it is (annotations): invisible characters and secrets gone, length capped. */
export function plainText(text: string, max: number): string {
  return capCodePoints(maskSecrets(stripInvisible(text)), max)
}
