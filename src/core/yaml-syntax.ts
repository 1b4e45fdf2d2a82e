import { type CST, Parser } from 'yaml'

export interface Forbidden {
  /** 0-based offset in the text. */
  offset: number
  message: string
  cure: string
}

const deepest = 10

/**
 * The first thing in a YAML text that Cupel does not accept although YAML allows it: anchors, aliases, merge
 * keys, tags, nesting deeper than 10, a second document. Looks at the syntax tree, before anything is
 * composed, so that neither an alias bomb nor deep nesting is ever built; walks without recursion.
 */
export function findForbidden(text: string): Forbidden | null {
  let documents = 0
  for (const token of new Parser().parse(text)) {
    if (token.type === 'directive') {
      return { offset: token.offset, message: 'directives are not allowed', cure: 'remove the line' }
    }
    if (token.type !== 'document') continue
    if (++documents > 1) {
      return { offset: token.offset, message: 'a second document begins here', cure: 'remove the `---`' }
    }
    const found = inDocument(token)
    if (found) return found
  }
  return null
}

function inDocument(document: CST.Document): Forbidden | null {
  const open: { token: CST.Token; depth: number }[] = []
  const offending: Forbidden[] = []
  const properties = (tokens: readonly CST.SourceToken[]) => {
    for (const token of tokens) {
      if (token.type === 'anchor') offending.push({ offset: token.offset, ...anchors })
      if (token.type === 'tag') offending.push({ offset: token.offset, ...tags })
    }
  }
  properties(document.start)
  if (document.value) open.push({ token: document.value, depth: 1 })
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next
    if (token.type === 'alias') offending.push({ offset: token.offset, ...anchors })
    if (!('items' in token)) continue
    if (depth > deepest) {
      offending.push({
        offset: token.offset,
        message: `nested deeper than ${deepest} levels`,
        cure: 'no key of this file needs more than four',
      })
      continue
    }
    for (const item of token.items) {
      properties(item.start)
      properties(item.sep ?? [])
      if (item.key?.type === 'scalar' && item.key.source === '<<') {
        offending.push({
          offset: item.key.offset,
          message: 'merge keys are not allowed',
          cure: 'write the keys out',
        })
      }
      if (item.key && 'items' in item.key) {
        offending.push({ offset: item.key.offset, message: 'a key must be text', cure: 'write `key: value`' })
      }
      if (item.key) open.push({ token: item.key, depth: depth + 1 })
      if (item.value) open.push({ token: item.value, depth: depth + 1 })
    }
  }
  return offending.toSorted((a, b) => a.offset - b.offset)[0] ?? null
}

const anchors = { message: 'anchors and aliases are not allowed', cure: 'write the value out, or in quotes' }
const tags = { message: 'tags are not allowed', cure: 'remove the tag, or put the value in quotes' }
