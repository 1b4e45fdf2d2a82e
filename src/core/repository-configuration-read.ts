import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { type Described, describeIssue } from './repository-configuration-issues.ts'
import { findForbidden } from './repository-configuration-syntax.ts'
import {
  defaultConfiguration,
  type RepositoryConfiguration,
  repositoryConfigurationSchema,
} from './repository-configuration.ts'

/** Something in .github/cupel.yml that was not used, and what to write instead. */
export interface Problem {
  /** 1-based. */
  line: number
  column: number
  /** Dotted path of the key, '' for the file as a whole. */
  key: string
  message: string
  cure: string
}

export interface ReadConfiguration {
  preferences: RepositoryConfiguration
  problems: Problem[]
}

export const configurationFileBytes = 65_536
const mostProblems = 50

/**
 * Reads .github/cupel.yml; null stands for a file that is not there. Never throws: what is wrong is left
 * out, key by key or list element by list element, and reported; what cannot be read at all leaves the defaults.
 */
export function readRepositoryConfiguration(text: string | null): ReadConfiguration {
  if (text === null) return { preferences: defaultConfiguration(), problems: [] }
  if (Buffer.byteLength(text) > configurationFileBytes) {
    return unreadable({
      ...wholeFile,
      message: `the file is larger than ${configurationFileBytes / 1024} KB`,
      cure: 'shorten it',
    })
  }
  try {
    return readChecked(text)
  } catch {
    return unreadable({
      ...wholeFile,
      message: 'the file cannot be read',
      cure: 'check it with a YAML linter',
    })
  }
}

const wholeFile = { line: 1, column: 1, key: '' }

function unreadable(...problems: Problem[]): ReadConfiguration {
  return { preferences: defaultConfiguration(), problems }
}

function readChecked(text: string): ReadConfiguration {
  const lines = new LineCounter()
  const forbidden = findForbidden(text)
  const document = forbidden
    ? null
    : parseDocument(text, { version: '1.2', lineCounter: lines, prettyErrors: false })
  if (forbidden) {
    const before = text.slice(0, forbidden.offset).split('\n')
    return unreadable({
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      key: '',
      message: forbidden.message,
      cure: forbidden.cure,
    })
  }
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (!document) return unreadable()
  const [error] = document.errors
  if (error) {
    const duplicate = error.code === 'DUPLICATE_KEY'
    return unreadable({
      ...at(error.pos[0]),
      key: '',
      message: duplicate ? 'a key stands here twice' : `not valid YAML: ${firstLine(error.message)}`,
      cure: duplicate ? 'keep one of them' : 'correct the line; nothing of the file is used until then',
    })
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return { preferences: defaultConfiguration(), problems: [] }
  }
  if (!isMap(document.contents)) {
    return unreadable({
      ...wholeFile,
      message: 'the file must hold keys and values',
      cure: 'begin with `enabled: true`',
    })
  }
  return validate(document, at)
}

/** Validates, takes out what is wrong, and validates again: a broken key or element never costs its neighbours. */
function validate(
  document: Document,
  at: (offset: number) => { line: number; column: number },
): ReadConfiguration {
  const problems: Problem[] = []
  const wounded = new Set<unknown>()
  dropNulls(document.contents)
  // Every round takes something out; one that does not is our mistake and ends with the defaults.
  for (let round = 0; round < 12; round++) {
    const value: unknown = document.toJS()
    const result = repositoryConfigurationSchema.safeParse(value)
    if (result.success) return { preferences: result.data, problems: sorted(problems) }
    const rejected = result.error.issues.flatMap(issue => describeIssue(issue, value))
    const nodes = rejected.map(one => nodeOf(document, one.path))
    rejected.forEach((one, index) => {
      const found = nodes[index]
      // A key that is missing because an earlier round took it out was reported then.
      if (!wounded.has(found?.item)) problems.push(toProblem(one, found, at))
    })
    for (const found of nodes) {
      if (!found) continue
      takeOut(document, found)
      wounded.add(found.parent)
    }
  }
  return { preferences: defaultConfiguration(), problems: sorted(problems) }
}

interface Found {
  parent: Node
  /** The pair of a map or the element of a list that is taken out. */
  item: unknown
  offset: number
}

/** The deepest node of the path that exists: a key that is missing is reported where its parent stands. */
function nodeOf(document: Document, path: readonly PropertyKey[]): Found | undefined {
  let node: unknown = document.contents
  let found: Found | undefined
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === String(step))
      if (!pair) return found
      found = { parent: node, item: pair, offset: (pair.key as Node).range?.[0] ?? 0 }
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(step)]
      if (item === undefined) return found
      found = { parent: node, item, offset: (item as Node).range?.[0] ?? found?.offset ?? 0 }
      node = item
    } else {
      return found
    }
  }
  return found
}

/** Takes an element or pair out; a list that this leaves empty goes too, so that its default holds. */
function takeOut(document: Document, found: Found): void {
  if (!isMap(found.parent) && !isSeq(found.parent)) return
  const items: unknown[] = found.parent.items
  const index = items.indexOf(found.item)
  if (index >= 0) items.splice(index, 1)
  if (isSeq(found.parent) && items.length === 0) takeOutEmpty(document.contents, found.parent)
}

function takeOutEmpty(node: unknown, empty: unknown): void {
  if (isMap(node)) {
    node.items = node.items.filter(pair => pair.value !== empty)
    for (const pair of node.items) takeOutEmpty(pair.value, empty)
  } else if (isSeq(node)) {
    for (const item of node.items) takeOutEmpty(item, empty)
  }
}

/** `paths:` with nothing behind it means the default, as people expect of a key they emptied. */
function dropNulls(node: unknown): void {
  if (isMap(node)) {
    node.items = node.items.filter(
      pair => !(pair.value === null || (isScalar(pair.value) && pair.value.value === null)),
    )
    for (const pair of node.items) dropNulls(isPair(pair) ? pair.value : null)
  } else if (isSeq(node)) {
    for (const item of node.items) dropNulls(item)
  }
}

function toProblem(
  one: Described,
  found: Found | undefined,
  at: (offset: number) => { line: number; column: number },
): Problem {
  return {
    ...at(found?.offset ?? 0),
    key: one.path.map(String).join('.'),
    message: one.message,
    cure: one.cure,
  }
}

function sorted(problems: Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, mostProblems)
}

function firstLine(message: string): string {
  // The parser may quote the file, and the message goes into a comment.
  return (message.split('\n')[0] ?? '').replaceAll(/[`@#<>[\]]/g, ' ').slice(0, 200)
}
