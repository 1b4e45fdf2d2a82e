import { type Document, isMap, isPair, isScalar, isSeq } from 'yaml'
import {
  defaultConfiguration,
  type RepositoryConfiguration,
  repositoryConfigurationSchema,
} from './repository-configuration.ts'
import {
  inOrder,
  isEmpty,
  nodeOf,
  openYaml,
  toProblem,
  wholeFile,
  type Found,
  type OpenYaml,
  type Problem,
} from './yaml-document.ts'
import { describeIssue } from './yaml-issues.ts'

export interface ReadConfiguration {
  preferences: RepositoryConfiguration
  /** What in .github/cupel.yml was not used. */
  problems: Problem[]
}

const mostProblems = 50

/**
 * Reads .github/cupel.yml; null stands for a file that is not there. Never throws: what is wrong is left
 * out, key by key or list element by list element, and reported; what cannot be read at all leaves the defaults.
 */
export function readRepositoryConfiguration(text: string | null): ReadConfiguration {
  if (text === null) return { preferences: defaultConfiguration(), problems: [] }
  const opened = openYaml(text)
  if ('message' in opened) return unreadable(opened)
  const { document, at } = opened
  if (isEmpty(document)) return { preferences: defaultConfiguration(), problems: [] }
  if (!isMap(document.contents)) {
    return unreadable({
      ...wholeFile,
      message: 'the file must hold keys and values',
      cure: 'begin with `enabled: true`',
    })
  }
  try {
    return validate(document, at)
  } catch {
    return unreadable({
      ...wholeFile,
      message: 'the file cannot be read',
      cure: 'check it with a YAML linter',
    })
  }
}

function unreadable(problem: Problem): ReadConfiguration {
  return { preferences: defaultConfiguration(), problems: [problem] }
}

/** Validates, takes out what is wrong, and validates again: a broken key or element never costs its neighbours. */
function validate(document: Document, at: OpenYaml['at']): ReadConfiguration {
  const problems: Problem[] = []
  const wounded = new Set<unknown>()
  dropNulls(document.contents)
  // Every round takes something out; one that does not is our mistake and ends with the defaults.
  for (let round = 0; round < 12; round++) {
    const value: unknown = document.toJS()
    const result = repositoryConfigurationSchema.safeParse(value)
    if (result.success) return { preferences: result.data, problems: sorted(problems) }
    const rejected = result.error.issues.flatMap(issue =>
      describeIssue(issue, value, repositoryConfigurationSchema),
    )
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

function sorted(problems: Problem[]): Problem[] {
  return inOrder(problems).slice(0, mostProblems)
}
