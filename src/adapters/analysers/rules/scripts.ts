import type { SgNode } from '@ast-grep/napi'
import type { AstRule } from './rule.ts'
import {
  argumentsOf,
  closest,
  interpolations,
  isInjectedPart,
  isLiteral,
  namesSecret,
  purpose,
  sqlConcatenation,
  sqlInterpolation,
  unwrapped,
} from './syntax.ts'

const ruby = ['ruby'] as const
const php = ['php'] as const

const dynamic = (node: SgNode | undefined): boolean => node !== undefined && !isLiteral(node)
const superglobal = /\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/

export const rubyRules: AstRule[] = [
  {
    id: 'ast-grep/ruby-eval',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'eval runs a string as code',
    why: 'Whoever controls the string controls the process.',
    match: { kind: 'call', has: { field: 'method', regex: '^(eval|instance_eval|class_eval|module_eval)$' } },
    where: node => {
      const [code, ...others] = argumentsOf(node)
      // Methods made from a text come with its file and line, or stand there as a text.
      if (
        !dynamic(code) ||
        others.length > 0 ||
        /^(block_argument|heredoc_beginning)$/.test(String(code?.kind()))
      )
        return false
      return node.field('method')?.text() === 'eval'
        ? !/^["']@+#\{/.test(code?.text() ?? '')
        : String(code?.kind()) !== 'string'
    },
  },
  {
    id: 'ast-grep/ruby-command-injection',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Shell command built from strings',
    why: 'Shell characters in a value run as commands; pass the program and its arguments separately.',
    match: {
      any: [
        { kind: 'subshell' },
        {
          kind: 'call',
          has: { field: 'method', regex: '^(system|exec|spawn|popen|capture2|capture2e|capture3)$' },
        },
      ],
    },
    where: node => {
      const receiver = node.field('receiver')?.text()
      if (receiver !== undefined && !/^(::)?(Kernel|Process|Open3|IO)$/.test(receiver)) return false
      const command = String(node.kind()) === 'subshell' ? node : argumentsOf(node)[0]
      return (
        command !== undefined &&
        interpolations(command).some(
          part => !/shellescape|Shellwords|^#\{(::)?[A-Z]\w*([.[]|(::\w+)*\})/.test(part.text()),
        )
      )
    },
  },
  {
    id: 'ast-grep/ruby-sql-injection',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'SQL built from strings',
    why: 'A value with a quote changes the statement; pass it as a bind parameter.',
    match: {
      any: [
        {
          kind: 'call',
          has: {
            field: 'method',
            regex:
              '^(where|find_by_sql|execute|exec_query|select_all|order|having|joins|exists\\?|delete_all|update_all|find_by)$',
          },
        },
        { kind: 'binary' },
        { kind: 'string' },
      ],
    },
    where: node => {
      if (String(node.kind()) === 'binary') return sqlConcatenation(node)
      if (String(node.kind()) === 'string') return sqlInterpolation(node)
      const clause = argumentsOf(node)[0]
      return (
        clause !== undefined &&
        String(clause.kind()) === 'string' &&
        interpolations(clause).some(part => isInjectedPart(clause, part))
      )
    },
  },
  {
    id: 'ast-grep/ruby-unescaped-html',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.82,
    title: 'Escaping switched off for a value',
    why: 'Markup in the value runs as script in the page.',
    match: {
      any: [
        { kind: 'call', all: [{ has: { field: 'method', regex: '^html_safe$' } }] },
        { kind: 'call', all: [{ has: { field: 'method', regex: '^raw$' } }] },
      ],
    },
    where: node => {
      const value = node.field('method')?.text() === 'raw' ? argumentsOf(node)[0] : node.field('receiver')
      if (value === null || value === undefined || !dynamic(value)) return false
      const text = value.text()
      if (/sanitize|escape|to_json|content_tag|render|\bh\(|\bt\(|\.join\(/.test(text)) return false
      // A bare name may hold markup that was built safely; text of the request or of a record does not.
      return interpolations(value).length > 0 || /\bparams\b|^@?\w+\.\w+$|\braw\b/.test(text)
    },
  },
  {
    id: 'ast-grep/ruby-unsafe-load',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Deserialisation of arbitrary objects',
    why: 'A crafted document creates any object and may run code (YAML.load does so before Psych 4); use YAML.safe_load or JSON.',
    match: { kind: 'call', regex: '^(YAML|Psych)\\.(load|unsafe_load)\\(|^Marshal\\.load\\(' },
    where: node =>
      dynamic(argumentsOf(node)[0]) &&
      !/permitted_classes|safe:|Marshal\.dump/.test(node.text()) &&
      // The file chooses by the version of Psych.
      !/respond_to\?\(:unsafe_load\)/.test(node.getRoot().root().text()),
  },
  {
    id: 'ast-grep/ruby-dynamic-send',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Method or class named by the request',
    why: 'The caller can reach any method, private ones and system included.',
    match: {
      any: [
        { kind: 'call', regex: '\\.(send|public_send|__send__)\\(\\s*params\\b' },
        { kind: 'call', regex: '^params\\b.*\\.(constantize|safe_constantize)$' },
      ],
    },
    where: node =>
      /^(send|public_send|__send__|constantize|safe_constantize)$/.test(node.field('method')?.text() ?? ''),
  },
  {
    id: 'ast-grep/ruby-mass-assignment',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.92,
    title: 'Every parameter is permitted',
    why: 'The caller can set any attribute, such as admin.',
    match: { kind: 'call', has: { field: 'method', regex: '^permit!$' } },
  },
  {
    id: 'ast-grep/ruby-tls-unverified',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.93,
    title: 'Certificate check switched off',
    why: 'Anyone on the way can read and change the traffic.',
    match: { kind: 'scope_resolution', regex: 'SSL::VERIFY_NONE$' },
  },
  {
    id: 'ast-grep/ruby-rescue-exception',
    languages: ruby,
    severity: 'medium',
    category: 'reliability',
    confidence: 0.88,
    title: 'rescue Exception',
    why: 'It also catches signals, exit and out of memory; rescue StandardError.',
    match: { kind: 'rescue', has: { kind: 'exceptions', regex: '^Exception$' } },
    where: node => !/\b(raise|exit!?|abort|throw)\b/.test(node.text()),
  },
  {
    id: 'ast-grep/ruby-swallowed-exception',
    languages: ruby,
    severity: 'medium',
    category: 'reliability',
    confidence: 0.85,
    title: 'Exception is swallowed',
    why: 'Every failure, a misspelled name included, becomes nil without a trace.',
    match: { kind: 'rescue_modifier', regex: 'rescue\\s+nil$' },
    // Tidying up may fail, and so may a check whether a text is a date or a number.
    where: node =>
      !/\b(close|unlink|delete|rm\w*|kill|reopen|rollback\w*|disconnect|drop\w*|parse|iso8601|Integer|Float|local|utc)\b/i.test(
        node.field('body')?.text() ?? '',
      ),
  },
  {
    id: 'ast-grep/ruby-weak-password-hash',
    languages: ruby,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Password hashed with a fast hash',
    why: 'MD5 and SHA hashes are tried by the billion; use bcrypt or Argon2.',
    match: { kind: 'call', regex: '^Digest::(MD5|SHA1|SHA256)\\.(hexdigest|digest|base64digest)\\(.*passw' },
  },
  {
    id: 'ast-grep/ruby-assignment-in-condition',
    languages: ruby,
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'Assignment where a comparison is expected',
    why: 'The condition takes the assigned literal and the variable is overwritten.',
    match: {
      kind: 'assignment',
      has: { field: 'right', regex: '^(["\'].*["\']|\\d+|true|false|nil|:\\w+)$' },
      inside: {
        any: [{ kind: 'if' }, { kind: 'unless' }, { kind: 'while' }, { kind: 'if_modifier' }],
        field: 'condition',
      },
    },
  },
]

export const phpRules: AstRule[] = [
  {
    id: 'ast-grep/php-sql-injection',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.92,
    title: 'SQL built from strings',
    why: 'A value with a quote changes the statement; prepare it and bind parameters.',
    match: { any: [{ kind: 'binary_expression' }, { kind: 'encapsed_string' }] },
    where: node =>
      String(node.kind()) === 'binary_expression' ? sqlConcatenation(node) : sqlInterpolation(node),
  },
  {
    id: 'ast-grep/php-eval',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.92,
    title: 'eval runs a string as code',
    why: 'Whoever controls the string controls the process.',
    match: {
      kind: 'function_call_expression',
      has: { field: 'function', regex: '^(eval|create_function)$' },
    },
  },
  {
    id: 'ast-grep/php-unserialize',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'unserialize of arbitrary objects',
    why: 'A crafted string creates objects whose destructors run code; use JSON or allowed_classes => false.',
    match: { kind: 'function_call_expression', has: { field: 'function', regex: '^unserialize$' } },
    where: node => {
      const value = unwrapped(argumentsOf(node))[0]
      if (!dynamic(value) || /allowed_classes/.test(node.text())) return false
      const around = closest(node, ['function_definition', 'method_declaration', 'program'])?.text() ?? ''
      return /cookie|request|input|base64|post\b/i.test(value?.text() ?? '') || superglobal.test(around)
    },
  },
  {
    id: 'ast-grep/php-extract',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.93,
    title: 'Variables set by the request',
    why: 'The caller can overwrite any local variable.',
    match: {
      kind: 'function_call_expression',
      regex: '^(extract|parse_str)\\(\\s*\\$_(GET|POST|REQUEST|COOKIE)',
    },
  },
  {
    id: 'ast-grep/php-weak-password-hash',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Password hashed with a fast hash',
    why: 'MD5 and SHA hashes are tried by the billion; use password_hash.',
    match: { kind: 'function_call_expression', has: { field: 'function', regex: '^(md5|sha1)$' } },
    where: node => /passw|pwd/i.test(node.text()),
  },
  {
    id: 'ast-grep/php-command-injection',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Shell command built from values',
    why: 'Shell characters in a value run as commands; wrap each value in escapeshellarg.',
    match: {
      kind: 'function_call_expression',
      has: { field: 'function', regex: '^(system|exec|shell_exec|passthru|popen|proc_open)$' },
    },
    where: node =>
      dynamic(unwrapped(argumentsOf(node))[0]) &&
      /["'.]|\$_/.test(argumentsOf(node)[0]?.text() ?? '') &&
      !/escapeshell/.test(node.text()),
  },
  {
    id: 'ast-grep/php-file-inclusion',
    languages: php,
    severity: 'critical',
    category: 'security',
    confidence: 0.93,
    title: 'File included by a name from the request',
    why: 'The caller chooses which file runs.',
    match: {
      any: [
        'include_expression',
        'include_once_expression',
        'require_expression',
        'require_once_expression',
      ].map(kind => ({ kind })),
    },
    where: node => superglobal.test(node.text()),
  },
  {
    id: 'ast-grep/php-reflected-input',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Request input is printed unescaped',
    why: 'Markup in the request runs as script in the page; use htmlspecialchars.',
    match: { any: [{ kind: 'echo_statement' }, { kind: 'print_intrinsic' }] },
    where: node => {
      // Asking whether it is there, and looking something up by it, prints nothing of it.
      const printed = node.text().replace(/\b(isset|empty)\s*\([^()]*\)|\[\s*\$_\w+\[[^\]]*\]\s*\]/g, '')
      return (
        /\$_(GET|POST|REQUEST|COOKIE)\b/.test(printed) &&
        !/htmlspecialchars|htmlentities|intval|\((int|float)\)|json_encode|urlencode|\besc_|sanitiz|escape|strip_tags|filter_|absint|purif|wp_kses/.test(
          printed,
        )
      )
    },
  },
  {
    id: 'ast-grep/php-tls-unverified',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.92,
    title: 'Certificate check switched off',
    why: 'Anyone on the way can read and change the traffic.',
    match: {
      kind: 'function_call_expression',
      regex: '^curl_setopt\\(.*CURLOPT_SSL_VERIFY(PEER|HOST)\\s*,\\s*(false|0)',
    },
  },
  {
    id: 'ast-grep/php-predictable-secret',
    languages: php,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Predictable random numbers for a secret',
    why: 'rand, mt_rand and uniqid can be predicted; use random_bytes or random_int.',
    match: { kind: 'function_call_expression', has: { field: 'function', regex: '^(rand|mt_rand|uniqid)$' } },
    where: node => namesSecret(purpose(node, ['function_definition', 'method_declaration'])),
  },
  {
    id: 'ast-grep/php-open-redirect',
    languages: php,
    severity: 'medium',
    category: 'security',
    confidence: 0.88,
    title: 'Redirect to an address from the request',
    why: 'A link to this site can lead to any other one; allow only known targets.',
    match: {
      kind: 'function_call_expression',
      regex: '^header\\(\\s*["\']Location:\\s*["\']?\\s*\\.?\\s*\\{?\\$_(GET|POST|REQUEST)',
    },
  },
  {
    id: 'ast-grep/php-assignment-in-condition',
    languages: php,
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'Assignment where a comparison is expected',
    why: 'The condition takes the assigned literal and the variable is overwritten.',
    match: {
      kind: 'assignment_expression',
      has: { field: 'right', regex: '^(["\'].*["\']|\\d+|true|false|null)$' },
      inside: {
        kind: 'parenthesized_expression',
        inside: { any: [{ kind: 'if_statement' }, { kind: 'while_statement' }] },
      },
    },
  },
]
