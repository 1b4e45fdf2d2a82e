import type { AstRule } from './rule.ts'
import {
  argumentsOf,
  closest,
  injectedByFormat,
  isLiteral,
  namesSecret,
  purpose,
  sqlConcatenation,
  startsSql,
} from './syntax.ts'

const languages = ['go'] as const
const functions = ['function_declaration', 'method_declaration']

export const goRules: AstRule[] = [
  {
    id: 'ast-grep/go-sql-injection',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'SQL built from strings',
    why: 'A value with a quote changes the statement; pass it as a parameter.',
    match: {
      any: [
        { kind: 'binary_expression' },
        { kind: 'call_expression', has: { field: 'function', regex: '^fmt\\.Sprintf$' } },
      ],
    },
    where: node => {
      if (String(node.kind()) === 'binary_expression') return sqlConcatenation(node)
      const [format, ...values] = argumentsOf(node)
      if (format === undefined || !startsSql(format.text())) return false
      const strings = values.filter(value => !/^strings\.(Join|Repeat)/.test(value.text()))
      return /%[-+#]?[svq]/.test(format.text()) && injectedByFormat(format.text(), /%[-+#]?\w/g, strings)
    },
  },
  {
    id: 'ast-grep/go-tls-unverified',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.95,
    title: 'Certificate check switched off',
    why: 'Anyone on the way can read and change the traffic.',
    match: {
      any: [
        { kind: 'keyed_element', regex: '^InsecureSkipVerify\\s*:\\s*true$' },
        { kind: 'assignment_statement', regex: '\\.InsecureSkipVerify\\s*=\\s*true$' },
      ],
    },
  },
  {
    id: 'ast-grep/go-predictable-secret',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Predictable random numbers for a secret',
    why: 'math/rand can be predicted; use crypto/rand.',
    match: {
      kind: 'call_expression',
      has: {
        field: 'function',
        regex:
          '^rand\\.(Int|Intn|Int31|Int31n|Int63|Int63n|Uint32|Uint64|IntN|Float64|Read|Perm|Int64|Int64N)$',
      },
    },
    where: node =>
      // Not when the name stands for crypto/rand.
      /(^|\n|import )\s*(rand )?\s*"math\/rand(\/v2)?"/.test(node.getRoot().root().text()) &&
      namesSecret(purpose(node, functions)),
  },
  {
    id: 'ast-grep/go-command-injection',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Shell command built from values',
    why: 'Shell characters in a value run as commands; start the program with an argument list.',
    match: { kind: 'call_expression', has: { field: 'function', regex: '^exec\\.Command(Context)?$' } },
    where: node => {
      const args = argumentsOf(node)
      const flag = args.findIndex(arg => /^"-c"$/.test(arg.text()))
      const command = args[flag + 1]
      return (
        flag > 0 &&
        (args[flag - 1]?.text() ?? '').endsWith('sh"') &&
        command !== undefined &&
        !isLiteral(command)
      )
    },
  },
  {
    id: 'ast-grep/go-defer-in-loop',
    languages,
    severity: 'medium',
    category: 'reliability',
    confidence: 0.88,
    title: 'defer inside a loop',
    why: 'The call runs when the function ends, not at the end of a step: files and locks pile up.',
    match: { kind: 'defer_statement' },
    where: node => {
      // A block that ends the function runs its defer at most once.
      if (/^return\b/.test(node.parent()?.namedChildren().at(-1)?.text() ?? '')) return false
      const stops = ['func_literal', 'function_declaration', 'method_declaration']
      return closest(node, ['for_statement'], stops) !== undefined
    },
  },
  {
    id: 'ast-grep/go-dropped-error',
    languages,
    severity: 'high',
    category: 'reliability',
    confidence: 0.88,
    title: 'Error is dropped',
    why: 'When this call fails the code goes on with a value that was never filled or a write that never happened.',
    match: {
      kind: 'expression_statement',
      regex:
        '^(json|xml|yaml)\\.Unmarshal\\(|^json\\.NewDecoder\\([\\s\\S]*\\)\\.Decode\\(|^\\w*[tT]x\\.Commit\\(\\)$|^(db|tx|conn|\\w+\\.db)\\.Exec(Context)?\\(|^os\\.(WriteFile|MkdirAll|Rename|Chmod)\\(|^\\w+(\\.\\w+)*\\.QueryRow(Context)?\\([^{}]*\\)\\.Scan\\(&|^rows?\\.Scan\\(&',
    },
  },
  {
    id: 'ast-grep/go-discarded-error',
    languages,
    severity: 'high',
    category: 'reliability',
    confidence: 0.85,
    title: 'Error is discarded and the value used',
    why: 'When this call fails the value is nil or empty and the next use panics or is wrong.',
    match: {
      kind: 'short_var_declaration',
      regex:
        '^\\w+,\\s*_\\s*:=\\s*(http\\.(Get|Post|PostForm|NewRequest)|os\\.(Open|OpenFile|Create|ReadFile)|io\\.ReadAll|ioutil\\.ReadAll|sql\\.Open|net\\.Dial|\\w+\\.Do|(db|tx|\\w+\\.db)\\.(Query|QueryContext|Exec|Begin|BeginTx|Prepare))\\(',
    },
  },
  {
    id: 'ast-grep/go-weak-password-hash',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Password hashed with a fast hash',
    why: 'MD5 and SHA hashes are tried by the billion; use bcrypt, scrypt or Argon2.',
    match: {
      kind: 'call_expression',
      has: { field: 'function', regex: '^(md5|sha1|sha256|sha512)\\.Sum(256|512)?$' },
    },
    where: node => /passw|pwd/i.test(node.text()),
  },
  {
    id: 'ast-grep/go-bare-duration',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    title: 'Duration without a unit',
    why: 'A bare number is nanoseconds; multiply by time.Second or the like.',
    match: {
      kind: 'call_expression',
      regex: '^(time\\.(Sleep|After|NewTimer|NewTicker|Tick)|context\\.WithTimeout)\\(',
    },
    where: node => /^[1-9]\d*$/.test(argumentsOf(node).at(-1)?.text() ?? ''),
  },
  {
    id: 'ast-grep/go-waitgroup-add',
    languages,
    severity: 'high',
    category: 'concurrency',
    confidence: 0.9,
    title: 'WaitGroup.Add inside the goroutine',
    why: 'Wait may return before the goroutine has started; call Add before go.',
    match: { kind: 'call_expression', regex: '^(wg|\\w*[wW]aitGroup|\\w+\\.wg)\\.Add\\(' },
    where: node => String(closest(node, ['func_literal'])?.parent()?.parent()?.kind()) === 'go_statement',
  },
  {
    id: 'ast-grep/go-unescaped-html',
    languages,
    severity: 'medium',
    category: 'security',
    confidence: 0.8,
    title: 'Escaping switched off for a value',
    why: 'template.HTML marks the text as safe: markup in it runs as script.',
    match: { kind: 'call_expression', has: { field: 'function', regex: '^template\\.(HTML|JS|URL)$' } },
    where: node =>
      argumentsOf(node)[0] !== undefined &&
      !isLiteral(argumentsOf(node)[0]!) &&
      !/sanitiz|escape|bluemonday/i.test(node.text()),
  },
  {
    id: 'ast-grep/go-off-by-one',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.92,
    title: 'Loop runs one past the end',
    why: 'Index len(s) is outside the slice: the last step panics.',
    match: { kind: 'for_statement' },
    where: node => {
      const bound = /^for\s+(\w+)\s*:=\s*0\s*;\s*\1\s*<=\s*len\(([\w.]+)\)\s*;/.exec(node.text())
      return bound !== null && node.text().includes(`${bound[2]}[${bound[1]}]`)
    },
  },
  {
    id: 'ast-grep/go-self-compare',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'Value is compared with itself',
    why: 'The result is constant; another name was probably meant.',
    match: { kind: 'binary_expression', regex: '==|<=|>=|<|>' },
    where: node =>
      /^(==|<|>|<=|>=)$/.test(node.field('operator')?.text() ?? '') &&
      /^[\w.]+$/.test(node.field('left')?.text() ?? '') &&
      !/^\d/.test(node.text()) &&
      node.field('left')?.text() === node.field('right')?.text(),
  },
]
