import { Workspace } from '@astral-sh/ruff-wasm-nodejs'
import { z } from 'zod'
import type { AnalysedFile } from '../../ports/analyser.ts'
import { type Examination, extension } from './protocol.ts'
import { ruffRules } from './rules/ruff.ts'
import { namesSecret } from './rules/syntax.ts'
import { withoutNewDirectives } from './suppression.ts'

const byCode = new Map(ruffRules.map(rule => [rule.id.slice('ruff/'.length), rule]))
const diagnostics = z.array(
  z.object({
    code: z.string().nullable(),
    message: z.string(),
    start_location: z.object({ row: z.int() }),
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
      builtins: ['_', 'ngettext', 'display', 'get_ipython', 'reveal_type'],
      lint: { select: [...byCode.keys()].filter(code => code !== 'syntax-error') },
    },
    utf16,
  )
  return workspace
}

/** Whether Ruff's finding is worth a reviewer's time, by what its own check does not look at. */
function isMeant(code: string, message: string, text: string): boolean {
  switch (code) {
    case 'S602':
    case 'S605':
      return !message.includes('seems safe')
    case 'S311':
      return namesSecret(text)
    case 'S608': {
      const values = [...text.matchAll(/(?<!\{)\{([^{}]+)\}/g)].map(match => match[1]?.trim() ?? '')
      return (
        values.length === 0 ||
        !values.every(
          value =>
            /placeholder|qmark|^marks$|^binds$|^[A-Z][A-Z0-9_]*$/i.test(value) &&
            (/[a-z]{4}/.test(value) || /^[A-Z0-9_]+$/.test(value)),
        )
      )
    }
    default:
      return true
  }
}

export function examineWithRuff(files: readonly AnalysedFile[]): Examination {
  const ours = files.filter(
    file => /^pyi?$/.test(extension(file.path)) && !/\{%|\{\{\s*cookiecutter/.test(file.contents),
  )
  const found: Examination = { paths: [], hits: [], failed: false }
  for (const file of ours) {
    try {
      const lines = file.contents.split('\n')
      let broken = false
      for (const { code, message, start_location: start, end_location: end } of diagnostics.parse(
        ruff().check(withoutNewDirectives(file).contents),
      )) {
        const name = code === null || code === 'invalid-syntax' ? 'syntax-error' : code
        const rule = byCode.get(name)
        if (rule === undefined || (name === 'syntax-error' && broken)) continue
        // One mistake makes many parse errors; only the first is the mistake.
        if (name === 'syntax-error') broken = true
        const around = lines.slice(Math.max(0, start.row - (name === 'S311' ? 2 : 1)), end.row).join('\n')
        if (!isMeant(name, message, around)) continue
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
