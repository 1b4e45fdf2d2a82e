import { goRules } from './go.ts'
import { javaRules } from './java.ts'
import { javascriptRules } from './javascript.ts'
import { cRules, rustRules } from './native.ts'
import { oxlintRules } from './oxlint.ts'
import type { AstRule, Rule } from './rule.ts'
import { ruffRules } from './ruff.ts'
import { phpRules, rubyRules } from './scripts.ts'
import { secretRules } from './secrets.ts'
import { workflowRules } from './workflows.ts'

export const astRules: readonly AstRule[] = [
  ...javascriptRules,
  ...goRules,
  ...javaRules,
  ...rubyRules,
  ...rustRules,
  ...cRules,
  ...phpRules,
]

/** Every rule that is switched on. */
export const rules: readonly Rule[] = [
  ...oxlintRules,
  ...ruffRules,
  ...secretRules,
  ...workflowRules,
  ...astRules,
]
