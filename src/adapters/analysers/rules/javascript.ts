import type { AstRule } from './rule.ts'
import {
  argumentsOf,
  closest,
  isLiteral,
  namesSecret,
  purpose,
  sqlConcatenation,
  sqlInterpolation,
} from './syntax.ts'

const languages = ['javascript', 'typescript', 'tsx'] as const
const functions = ['function_declaration', 'method_definition', 'variable_declarator', 'pair']
const request = /\b(req|request|ctx)\.(query|params|body|headers|cookies)\b/

export const javascriptRules: AstRule[] = [
  {
    id: 'ast-grep/js-implied-eval',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'String passed to a timer is evaluated as code',
    why: 'Whoever controls the string controls the process or the page.',
    match: {
      kind: 'call_expression',
      has: { field: 'function', regex: '^(window\\.)?set(Timeout|Interval)$' },
    },
    where: node => ['string', 'template_string'].includes(String(argumentsOf(node)[0]?.kind())),
  },
  {
    id: 'ast-grep/js-sql-injection',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'SQL built from strings',
    why: 'A value with a quote changes the statement; pass it as a parameter.',
    match: { any: [{ kind: 'template_string' }, { kind: 'binary_expression' }] },
    where: node => {
      if (String(node.kind()) === 'binary_expression') return sqlConcatenation(node)
      // A tagged template (sql`…`) binds its values.
      return String(node.parent()?.kind()) === 'call_expression' ? false : sqlInterpolation(node)
    },
  },
  {
    id: 'ast-grep/js-command-injection',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Shell command built from strings',
    why: 'Shell characters in a value run as commands; use execFile with an argument list.',
    match: {
      kind: 'call_expression',
      has: { field: 'function', regex: '^(child_process\\.|cp\\.)?(exec|execSync)$' },
    },
    where: node => {
      const command = argumentsOf(node)[0]
      return (
        command !== undefined &&
        ['template_string', 'binary_expression'].includes(String(command.kind())) &&
        !isLiteral(command)
      )
    },
  },
  {
    id: 'ast-grep/js-html-injection',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.8,
    title: 'Markup built from strings',
    why: 'A value with markup runs as script in the page; use textContent or escape it.',
    match: { kind: 'assignment_expression', has: { field: 'left', regex: '\\.(innerHTML|outerHTML)$' } },
    where: node => {
      const value = node.field('right')
      return (
        value !== null &&
        ['template_string', 'binary_expression'].includes(String(value.kind())) &&
        !isLiteral(value) &&
        /</.test(value.text()) &&
        !/escape|sanitize|purify|encode/i.test(value.text())
      )
    },
  },
  {
    id: 'ast-grep/js-reflected-input',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.85,
    title: 'Request input is sent back as markup',
    why: 'Markup in the request runs as script in the page of whoever follows a link.',
    match: {
      kind: 'call_expression',
      has: { field: 'function', regex: '^(res|response|reply)\\.(send|write|end)$' },
    },
    where: node => {
      const value = argumentsOf(node)[0]
      return (
        value !== undefined &&
        ['template_string', 'binary_expression'].includes(String(value.kind())) &&
        /</.test(value.text()) &&
        request.test(value.text()) &&
        !/escape|sanitize|encode/i.test(value.text())
      )
    },
  },
  {
    id: 'ast-grep/js-path-traversal',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.85,
    title: 'File path from the request',
    why: 'A name such as ../../etc/passwd leaves the folder; resolve it and check the prefix.',
    match: {
      kind: 'call_expression',
      has: {
        field: 'function',
        regex:
          '(^|\\.)(readFile|readFileSync|createReadStream|sendFile|writeFile|writeFileSync|unlink|unlinkSync)$',
      },
    },
    where: node =>
      argumentsOf(node)[0] !== undefined &&
      request.test(argumentsOf(node)[0]?.text() ?? '') &&
      !/basename\(/.test(argumentsOf(node)[0]?.text() ?? ''),
  },
  {
    id: 'ast-grep/js-open-redirect',
    languages,
    severity: 'medium',
    category: 'security',
    confidence: 0.85,
    title: 'Redirect to an address from the request',
    why: 'A link to this site can lead to any other one; allow only known targets.',
    match: {
      kind: 'call_expression',
      has: { field: 'function', regex: '^(res|response|reply)\\.redirect$' },
    },
    where: node => /^(req|request|ctx)\.(query|params|body)\b/.test(argumentsOf(node).at(-1)?.text() ?? ''),
  },
  {
    id: 'ast-grep/js-tls-unverified',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.93,
    title: 'Certificate check switched off',
    why: 'Anyone on the way can read and change the traffic.',
    match: {
      any: [
        { kind: 'pair', regex: '^["\']?rejectUnauthorized["\']?\\s*:\\s*false$' },
        { kind: 'assignment_expression', regex: 'NODE_TLS_REJECT_UNAUTHORIZED[^=]*=\\s*["\']?0' },
      ],
    },
  },
  {
    id: 'ast-grep/js-weak-password-hash',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Password hashed with a fast hash',
    why: 'MD5 and SHA hashes are tried by the billion; use scrypt, bcrypt or Argon2.',
    match: {
      kind: 'call_expression',
      regex: 'createHash\\(\\s*["\'](md5|sha1|sha256|sha512)["\']\\s*\\)[\\s\\S]*passw',
    },
    where: node =>
      /\.(digest|update)$/.test(node.field('function')?.text() ?? '') &&
      String(node.parent()?.kind()) !== 'member_expression',
  },
  {
    id: 'ast-grep/js-predictable-secret',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Predictable random numbers for a secret',
    why: 'Math.random can be predicted from its output; use crypto.randomBytes or randomUUID.',
    match: { pattern: 'Math.random()' },
    where: node => namesSecret(purpose(node, functions)),
  },
  {
    id: 'ast-grep/js-jwt-unverified',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Token is accepted without a signature',
    why: 'With the algorithm "none" anyone can write their own token.',
    match: { kind: 'pair', regex: '^["\']?algorithms?["\']?\\s*:\\s*\\[?[^\\]]*["\']none["\']' },
  },
  {
    id: 'ast-grep/js-async-foreach',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.85,
    title: 'forEach does not wait for an async callback',
    why: 'The loop ends before the work is done and rejections are unhandled; use for…of or Promise.all.',
    match: { kind: 'call_expression', has: { field: 'function', regex: '\\.forEach$' } },
    where: node => /^async\b/.test(argumentsOf(node)[0]?.text() ?? ''),
  },
  {
    id: 'ast-grep/js-async-filter',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'Async predicate is always true',
    why: 'The callback gives a promise, and a promise is true: nothing is filtered.',
    match: {
      kind: 'call_expression',
      has: { field: 'function', regex: '\\.(filter|some|every|find|findIndex)$' },
    },
    where: node => /^async\b/.test(argumentsOf(node)[0]?.text() ?? ''),
  },
  {
    id: 'ast-grep/js-map-parseint',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.95,
    title: 'map passes the index as the radix',
    why: '`["1", "2", "3"].map(parseInt)` gives 1, NaN, NaN.',
    match: { pattern: '$A.map(parseInt)' },
  },
  {
    id: 'ast-grep/js-indexof-truth',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'indexOf used as a truth value',
    why: 'It gives -1 (true) when nothing is found and 0 (false) for the first place; use includes.',
    match: {
      pattern: '$A.indexOf($B)',
      inside: { kind: 'parenthesized_expression', inside: { kind: 'if_statement' } },
    },
  },
  {
    id: 'ast-grep/js-off-by-one',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.92,
    title: 'Loop runs one past the end',
    why: 'Index `length` is outside the array: the last step reads undefined.',
    match: { kind: 'for_statement' },
    where: node => {
      const bound = /^(\w+)\s*<=\s*([\w.]+)\.length;?$/.exec(node.field('condition')?.text() ?? '')
      if (bound === null || /=\s*1\b/.test(node.field('initializer')?.text() ?? '')) return false
      return (node.field('body')?.text() ?? '').includes(`${bound[2]}[${bound[1]}]`)
    },
  },
  {
    id: 'ast-grep/js-lost-promise-catch',
    languages,
    severity: 'medium',
    category: 'reliability',
    confidence: 0.85,
    title: 'Rejection is swallowed',
    why: 'Every failure, known or not, vanishes without a trace.',
    match: { kind: 'catch_clause', has: { field: 'body', regex: '^\\{\\s*\\}$' } },
    where: node => closest(node, ['try_statement'])?.has({ rule: { kind: 'await_expression' } }) === true,
  },
]
