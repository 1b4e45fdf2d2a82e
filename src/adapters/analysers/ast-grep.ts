import c from '@ast-grep/lang-c'
import cpp from '@ast-grep/lang-cpp'
import go from '@ast-grep/lang-go'
import java from '@ast-grep/lang-java'
import php from '@ast-grep/lang-php'
import ruby from '@ast-grep/lang-ruby'
import rust from '@ast-grep/lang-rust'
import { type NapiConfig, Lang, parse, registerDynamicLanguage } from '@ast-grep/napi'
import type { AnalysedFile } from '../../ports/analyser.ts'
import { languageOf } from './concern.ts'
import type { Examination } from './protocol.ts'
import type { AstLanguage } from './rules/rule.ts'
import { standsAt } from './rules/syntax.ts'
import { astRules } from './rules/table.ts'

const builtIn: Partial<Record<AstLanguage, Lang>> = {
  javascript: Lang.JavaScript,
  typescript: Lang.TypeScript,
  tsx: Lang.Tsx,
}
/** Minified or generated lines cost seconds and nobody reviews them. */
const longestLine = 20_000

// The library allows one call per process.
registerDynamicLanguage({ c, cpp, go, java, php, ruby, rust })

export function examineWithAstGrep(files: readonly AnalysedFile[]): Examination {
  const found: Examination = { paths: [], hits: [], failed: false }
  for (const file of files) {
    const language = languageOf(file.path)
    if (language === undefined || file.contents.split('\n').some(line => line.length > longestLine)) continue
    try {
      const root = parse(builtIn[language] ?? language, file.contents).root()
      for (const rule of astRules) {
        if (!rule.languages.includes(language)) continue
        for (const node of root.findAll({ rule: rule.match, constraints: rule.constraints } as NapiConfig)) {
          const place = rule.where === undefined ? true : rule.where(node)
          if (place === false) continue
          found.hits.push({
            rule,
            file,
            line: (place === true ? standsAt(node) : place).range().start.line + 1,
          })
        }
      }
      found.paths.push(file.path)
    } catch {
      found.failed = true
    }
  }
  return found
}
