import { Workspace } from '@astral-sh/ruff-wasm-nodejs'
import { z } from 'zod'
import type { AnalysedFile } from '../../ports/analyser.ts'
import { concerns } from './concern.ts'
import type { Examination } from './protocol.ts'
import { isPython2 } from './python-lines.ts'
import { isMeant } from './ruff-meant.ts'
import { ruffRules } from './rules/ruff.ts'
import { withoutNewDirectives } from './suppression.ts'

const byCode = new Map(ruffRules.map(rule => [rule.id.slice('ruff/'.length), rule]))
const diagnostics = z.array(
  z.object({
    code: z.string().nullable(),
    message: z.string(),
    start_location: z.object({ row: z.int(), column: z.int() }),
    end_location: z.object({ row: z.int() }),
  }),
)
/** PositionEncoding.Utf16; the package's enum is not erasable. */
const utf16 = 1
let workspace: Workspace | undefined

function ruff(): Workspace {
  workspace ??= new Workspace(
    {
      'target-version': 'py314',
      // Installed by gettext and by notebooks; without them their users get false alarms.
      builtins: ['_', 'ngettext', 'display', 'get_ipython', 'reveal_type', '__path__'],
      lint: { select: [...byCode.keys()].filter(code => code !== 'syntax-error') },
    },
    utf16,
  )
  return workspace
}

export function examineWithRuff(files: readonly AnalysedFile[]): Examination {
  const ours = files.filter(
    file => concerns('ruff', file.path) && !/\{%|\{\{\s*cookiecutter/.test(file.contents),
  )
  const found: Examination = { paths: [], hits: [], failed: false }
  for (const file of ours) {
    try {
      const lines = file.contents.split('\n')
      const changed = new Set(file.changedLines)
      let broken = false
      for (const { code, message, start_location: start, end_location: end } of diagnostics.parse(
        ruff().check(withoutNewDirectives(file).contents),
      )) {
        const name = code === null || code === 'invalid-syntax' ? 'syntax-error' : code
        const rule = byCode.get(name)
        if (rule === undefined || (name === 'syntax-error' && broken)) continue
        // One mistake makes many parse errors; only the first is the mistake.
        if (name === 'syntax-error') broken = true
        if (name === 'syntax-error' && isPython2(lines, changed)) continue
        const { path, contents } = file
        const place = { row: start.row, column: start.column, endRow: end.row }
        if (!isMeant({ code: name, message, path, lines, contents, ...place })) continue
        found.hits.push({ rule, file, line: start.row, detail: message })
      }
      found.paths.push(file.path)
    } catch {
      found.failed = true
      workspace = undefined
    }
  }
  return found
}
