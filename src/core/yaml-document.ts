import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { Described } from './yaml-issues.ts'
import { findForbidden } from './yaml-syntax.ts'

/** Something in a YAML file that cannot be used, and what to write instead. */
export interface Problem {
  /** 1-based. */
  line: number
  column: number
  /** Dotted path of the key, '' for the file as a whole. */
  key: string
  message: string
  cure: string
}

export const yamlFileBytes = 65_536
export const wholeFile = { line: 1, column: 1, key: '' }

export interface OpenYaml {
  document: Document
  /** Line and column of an offset, both from 1. */
  at(offset: number): { line: number; column: number }
}

/**
 * Parses YAML 1.2 without anchors, tags, merge keys and deep nesting, or says where the first thing stands that is not
 * accepted. An empty text is a document without contents. Never throws.
 */
export function openYaml(text: string): OpenYaml | Problem {
  if (Buffer.byteLength(text) > yamlFileBytes) {
    return {
      ...wholeFile,
      message: `the file is larger than ${yamlFileBytes / 1024} KB`,
      cure: 'shorten it',
    }
  }
  try {
    return parsed(text)
  } catch {
    return { ...wholeFile, message: 'the file cannot be read', cure: 'check it with a YAML linter' }
  }
}

function parsed(text: string): OpenYaml | Problem {
  const forbidden = findForbidden(text)
  if (forbidden) {
    const before = text.slice(0, forbidden.offset).split('\n')
    const { message, cure } = forbidden
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, key: '', message, cure }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { version: '1.2', lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const [error] = document.errors
  if (!error) return { document, at }
  const duplicate = error.code === 'DUPLICATE_KEY'
  return {
    ...at(error.pos[0]),
    key: '',
    message: duplicate ? 'a key stands here twice' : `not valid YAML: ${firstLine(error.message)}`,
    cure: duplicate ? 'keep one of them' : 'correct the line; nothing of the file is used until then',
  }
}

/** Whether there is nothing but comments. */
export function isEmpty(document: Document): boolean {
  const { contents } = document
  return contents === null || (isScalar(contents) && contents.value === null)
}

export interface Found {
  parent: Node
  /** The pair of a map or the element of a list. */
  item: unknown
  offset: number
}

/** The deepest node of the path that exists: a key that is missing is reported where its parent stands. */
export function nodeOf(document: Document, path: readonly PropertyKey[]): Found | undefined {
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

export function toProblem(one: Described, found: Found | undefined, at: OpenYaml['at']): Problem {
  return {
    ...at(found?.offset ?? 0),
    key: one.path.map(String).join('.'),
    message: one.message,
    cure: one.cure,
  }
}

/** In the order of the file. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function firstLine(message: string): string {
  // The parser may quote the file, and the message goes into a comment.
  return (message.split('\n')[0] ?? '').replaceAll(/[`@#<>[\]]/g, ' ').slice(0, 200)
}
