import type { SgNode } from '@ast-grep/napi'
import type { AstRule } from './rule.ts'
import { argumentsOf, closest, isLiteral, isTrustedName, namesSecret, purpose, startsSql } from './syntax.ts'

const c = ['c', 'cpp'] as const
const rust = ['rust'] as const

const callOf = (names: string): Record<string, unknown> => ({
  kind: 'call_expression',
  has: { field: 'function', regex: `^(std::)?(${names})$` },
})

function enclosingFunction(node: SgNode): SgNode | undefined {
  return closest(node, ['function_definition'])
}

/** Whether later statements of the same block use a freed name before it gets a new value. */
function useAfterFree(node: SgNode): boolean | SgNode {
  const name = argumentsOf(node)[0]?.text() ?? ''
  const statement = node.parent()
  if (!/^\w+$/.test(name) || statement === null || String(statement.kind()) !== 'expression_statement')
    return false
  // The branch of a condition without braces: what follows runs when it did not.
  if (String(statement.parent()?.kind()) !== 'compound_statement') return false
  let next = statement.next()
  for (let steps = 0; next !== null && steps < 200; steps++, next = next.next()) {
    const text = next.text()
    if (new RegExp(`(?<![\\w.>])${name}\\s*=[^=]`).test(text)) return false
    if (
      new RegExp(
        `(?<![\\w.>])${name}(->|\\[|\\.)|\\*${name}\\b|[(,]\\s*${name}\\s*[,)]|return\\s+${name}\\s*;`,
      ).test(text)
    )
      return next
    if (/^(return|goto|break|continue)/.test(text)) return false
  }
  return false
}

/** Whether the function looked at the source's length, or made the target as long as it. */
function isMeasured(node: SgNode, source: SgNode): boolean {
  const around = enclosingFunction(node)
  if (around === undefined) return false
  const before = around.text().slice(0, node.range().start.index - around.range().start.index)
  return before.includes(`strlen(${source.text()})`) || /\b\w*(?:alloc|strdup)\w*\s*\(/i.test(before)
}

/** Directly the condition: one more pair of parentheses says that the assignment is meant. */
function isCondition(node: SgNode): boolean {
  const parent = node.parent()
  if (String(parent?.kind()) === 'condition_clause') return true
  const around = String(parent?.parent()?.kind())
  return String(parent?.kind()) === 'parenthesized_expression' && /^(if|while)_statement$/.test(around)
}

export const cRules: AstRule[] = [
  {
    id: 'ast-grep/c-gets',
    languages: c,
    severity: 'critical',
    category: 'security',
    confidence: 0.97,
    title: 'gets cannot be used safely',
    why: 'It writes past the buffer as soon as the line is longer; use fgets.',
    match: callOf('gets'),
  },
  {
    id: 'ast-grep/c-unbounded-copy',
    languages: c,
    severity: 'high',
    category: 'security',
    confidence: 0.85,
    title: 'Copy without a bound',
    why: 'It writes past the buffer when the source is longer; use a bounded copy.',
    match: callOf('strcpy|strcat'),
    where: node => {
      const [target, source] = argumentsOf(node)
      return target !== undefined && source !== undefined && !isLiteral(source) && !isMeasured(node, source)
    },
  },
  {
    id: 'ast-grep/c-unbounded-format',
    languages: c,
    severity: 'high',
    category: 'security',
    confidence: 0.85,
    title: 'String formatted without a bound',
    why: 'It writes past the buffer when a %s is longer than expected; use snprintf.',
    match: callOf('sprintf|vsprintf'),
    // In C++ the name may be a library's own, which gives a string.
    where: node =>
      /%[-0-9]*s/.test(argumentsOf(node)[1]?.text() ?? '') && !isMeasured(node, argumentsOf(node).at(-1)!),
  },
  {
    id: 'ast-grep/c-unbounded-scan',
    languages: c,
    severity: 'high',
    category: 'security',
    confidence: 0.93,
    title: 'scanf reads a string without a bound',
    why: 'It writes past the buffer when the word is longer; give a width such as %31s.',
    match: callOf('scanf|fscanf|sscanf'),
    where: node =>
      argumentsOf(node)
        .slice(0, 2)
        .some(arg => String(arg.kind()) === 'string_literal' && /%s/.test(arg.text())),
  },
  {
    id: 'ast-grep/c-format-string',
    languages: c,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Format string is a variable',
    why: 'A % in the text reads or writes memory; print it with "%s".',
    match: callOf('printf|fprintf|syslog|dprintf'),
    where: node => {
      const args = argumentsOf(node)
      const format = args.at(-1)
      if (args.length !== (node.text().startsWith('printf') || node.text().startsWith('std::printf') ? 1 : 2))
        return false
      return (
        format !== undefined &&
        !/^[A-Z][A-Z0-9_]*$/.test(format.text()) &&
        ['identifier', 'subscript_expression', 'field_expression', 'call_expression'].includes(
          String(format.kind()),
        ) &&
        !/^(_|gettext)\(/.test(format.text())
      )
    },
  },
  {
    id: 'ast-grep/c-assignment-in-condition',
    languages: c,
    severity: 'high',
    category: 'correctness',
    confidence: 0.92,
    title: 'Assignment where a comparison is expected',
    why: 'The condition takes the assigned value and the variable is overwritten.',
    match: {
      kind: 'assignment_expression',
      has: { field: 'right', regex: "^(-?\\d+|[A-Z][A-Z0-9_]+|NULL|true|false|nullptr|'.')$" },
    },
    where: node =>
      isCondition(node) && node.field('left') !== null && /^[^=]*[^-+*/|&^<>]=[^=]/.test(node.text()),
  },
  {
    id: 'ast-grep/c-command-injection',
    languages: c,
    severity: 'high',
    category: 'security',
    confidence: 0.85,
    title: 'Shell command from a variable',
    why: 'Shell characters in the text run as commands; use execve with an argument list.',
    match: callOf('system|popen'),
    where: node =>
      argumentsOf(node)[0] !== undefined &&
      !isLiteral(argumentsOf(node)[0]!) &&
      !/^[A-Z][A-Z0-9_]*$/.test(argumentsOf(node)[0]!.text()),
  },
  {
    id: 'ast-grep/c-use-after-free',
    languages: c,
    severity: 'critical',
    category: 'correctness',
    confidence: 0.9,
    title: 'Memory is used after it was freed',
    why: 'What stands there now belongs to someone else: a crash at best.',
    match: callOf('free'),
    where: useAfterFree,
  },
  {
    id: 'ast-grep/c-missing-terminator',
    languages: c,
    severity: 'high',
    category: 'correctness',
    confidence: 0.92,
    title: 'No room for the terminating zero',
    why: 'strlen does not count it: the copy writes one byte past the block.',
    match: { kind: 'call_expression', regex: '^malloc\\(\\s*strlen\\([^()]*\\)\\s*\\)$' },
  },
  {
    id: 'ast-grep/c-sizeof-pointer',
    languages: c,
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    title: 'sizeof of a pointer',
    why: 'It is the size of the pointer, not of what it points to.',
    match: callOf('memset|memcpy|memcmp|memmove'),
    where: node => {
      const size = /^sizeof\s*\(?\s*(\w+)\s*\)?$/.exec(argumentsOf(node)[2]?.text() ?? '')?.[1]
      if (
        size === undefined ||
        !argumentsOf(node)
          .slice(0, 2)
          .some(arg => arg.text() === size)
      )
        return false
      const around = enclosingFunction(node)?.text() ?? ''
      if (new RegExp(`\\b${size}\\s*\\[\\w*\\]\\s*[;=]`).test(around)) return false
      return new RegExp(`\\w[\\s*]*\\*\\s*${size}\\s*[,)=;]`).test(around)
    },
  },
  {
    id: 'ast-grep/c-memset-swapped',
    languages: c,
    severity: 'high',
    category: 'correctness',
    confidence: 0.95,
    title: 'memset with a length of 0',
    why: 'Value and length are swapped: nothing is set.',
    match: callOf('memset'),
    where: node => argumentsOf(node)[2]?.text() === '0' && argumentsOf(node)[1]?.text() !== '0',
  },
  {
    id: 'ast-grep/c-realloc-leak',
    languages: c,
    severity: 'medium',
    category: 'reliability',
    confidence: 0.88,
    title: 'realloc overwrites its only pointer',
    why: 'When it fails it gives NULL and the old block is lost.',
    match: { kind: 'assignment_expression', regex: '^(\\w+)\\s*=\\s*(\\([^)]*\\)\\s*)?realloc\\(' },
    where: node => new RegExp(`realloc\\(\\s*${node.field('left')?.text() ?? ''}\\s*,`).test(node.text()),
  },
  {
    id: 'ast-grep/c-empty-branch',
    languages: c,
    severity: 'high',
    category: 'correctness',
    confidence: 0.95,
    title: 'Semicolon after the condition',
    why: 'The condition has no effect: the statement below always runs.',
    match: { kind: 'if_statement', has: { field: 'consequence', regex: '^;$' } },
    // On a line of its own the semicolon is meant, and so it is before an else.
    where: node =>
      node.field('alternative') === null &&
      node.field('condition')?.range().end.line === node.field('consequence')?.range().start.line,
  },
  {
    id: 'ast-grep/c-temporary-name',
    languages: c,
    severity: 'medium',
    category: 'security',
    confidence: 0.92,
    title: 'Temporary file name without a file',
    why: 'Somebody else can create the file between name and use; use mkstemp.',
    match: callOf('mktemp|tmpnam|tempnam'),
  },
  {
    id: 'ast-grep/c-local-address',
    languages: c,
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    title: 'Address of a local variable is returned',
    why: 'The variable is gone when the caller looks.',
    match: { kind: 'return_statement' },
    where: node => {
      const name = /^return\s*&?\s*(\w+)\s*;$/.exec(node.text())?.[1]
      if (name === undefined) return false
      const body = enclosingFunction(node)?.field('body')?.text() ?? ''
      const declaration = new RegExp(
        `^\\s*((?:const |unsigned |struct )*\\w+)\\s+${name}\\s*(\\[[^\\]]*\\])?\\s*(=|;)`,
        'm',
      ).exec(body)
      if (declaration === null || /^\s*(static|return|else|extern)\b/.test(declaration[0])) return false
      // An array given back as an object is copied into it.
      const gives = enclosingFunction(node)?.field('type')?.text() ?? ''
      if (!node.text().includes('&') && /string|array|vector|optional|view|span/i.test(gives)) return false
      return node.text().includes('&') ? true : declaration[2] !== undefined
    },
  },
  {
    id: 'ast-grep/c-string-identity',
    languages: ['c'],
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'Strings are compared by address',
    why: '== compares pointers; use strcmp.',
    match: {
      kind: 'binary_expression',
      all: [
        { regex: '==|!=' },
        {
          any: [
            { has: { field: 'left', kind: 'string_literal' } },
            { has: { field: 'right', kind: 'string_literal' } },
          ],
        },
      ],
    },
    where: node => /^[!=]=$/.test(node.field('operator')?.text() ?? ''),
  },
  {
    id: 'ast-grep/cpp-delete-mismatch',
    languages: ['cpp'],
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'delete does not fit new',
    why: 'An array from new[] needs delete[], memory from malloc needs free: anything else is undefined.',
    match: { kind: 'delete_expression' },
    where: node => {
      const match = /^delete\s*(\[\s*\])?\s*(\w+)$/.exec(node.text())
      const before = enclosingFunction(node)?.text() ?? ''
      if (match === null) return false
      const name = match[2]
      if (
        new RegExp(
          `\\b${name}\\s*=\\s*(\\([^)]*\\)|static_cast<[^>]*>\\()?\\s*(std::)?(malloc|calloc)\\(`,
        ).test(before)
      )
        return true
      const array = new RegExp(`\\b${name}\\s*=\\s*new\\s+[\\w:<>]+\\s*\\[`).test(before)
      const single = new RegExp(`\\b${name}\\s*=\\s*new\\s+[\\w:<>]+\\s*[({;]`).test(before)
      return match[1] === undefined ? array && !single : single && !array
    },
  },
]

export const rustRules: AstRule[] = [
  {
    id: 'ast-grep/rust-uninitialised',
    languages: rust,
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'mem::uninitialized',
    why: 'Its value is undefined behaviour for almost every type; use MaybeUninit.',
    match: { kind: 'call_expression', has: { field: 'function', regex: '(^|::)uninitialized(::<.*>)?$' } },
  },
  {
    id: 'ast-grep/rust-transmute',
    languages: rust,
    severity: 'high',
    category: 'correctness',
    confidence: 0.75,
    title: 'mem::transmute',
    why: 'Nothing checks that the bits are valid for the new type or that the lifetime holds; use from_ne_bytes, as or a checked cast.',
    match: {
      kind: 'call_expression',
      has: { field: 'function', regex: '(^|::)transmute(_copy)?$' },
    },
    // Types written out, a reason given, or a type that nothing else can make: somebody has thought about it.
    where: node => {
      const start = node.range().start.line
      const above = node
        .getRoot()
        .root()
        .text()
        .split('\n')
        .slice(Math.max(0, start - 8), start + 1)
      const type = closest(node, ['let_declaration'], ['function_item'])?.field('type')?.text()
      return !/safety/i.test(above.join('\n')) && (type === undefined || /^[uif]\d+$|^\[?[uif]\d/.test(type))
    },
  },
  {
    id: 'ast-grep/rust-set-len',
    languages: rust,
    severity: 'high',
    category: 'correctness',
    confidence: 0.85,
    title: 'set_len over uninitialised memory',
    why: 'The new elements have no value; use resize or spare_capacity_mut.',
    match: { kind: 'call_expression', regex: '\\.set_len\\([^0)]' },
    where: node => {
      const vector = /^(\w+)\.set_len$/.exec(node.field('function')?.text() ?? '')?.[1]
      if (vector === undefined) return false
      const body = closest(node, ['function_item'])?.text() ?? ''
      const before = body.slice(0, body.indexOf(`${vector}.set_len`))
      // Between room and length something may have filled it.
      const made = new RegExp(
        `\\b${vector}(?:\\s*:[^=]*)?\\s*=\\s*Vec::(?:<[^>]*>::)?with_capacity\\([^;]*;([\\s\\S]*)$`,
      )
      const between = made.exec(before)?.[1]
      return between !== undefined && !new RegExp(`\\b${vector}\\b`).test(between)
    },
  },
  {
    id: 'ast-grep/rust-lock-dropped',
    languages: rust,
    severity: 'high',
    category: 'concurrency',
    confidence: 0.95,
    title: 'Lock is released at once',
    why: '`let _ =` drops the guard immediately; bind it to a name such as _guard.',
    match: {
      kind: 'let_declaration',
      regex:
        '^let\\s+_\\s*=[\\s\\S]*\\.(lock|read|write)\\(\\)(\\.await|\\.unwrap\\(\\)|\\.expect\\([^)]*\\)|\\?)?;$',
    },
  },
  {
    id: 'ast-grep/rust-tls-unverified',
    languages: rust,
    severity: 'high',
    category: 'security',
    confidence: 0.95,
    title: 'Certificate check switched off',
    why: 'Anyone on the way can read and change the traffic.',
    match: {
      kind: 'call_expression',
      regex: '\\.danger_accept_invalid_(certs|hostnames)\\(\\s*true\\s*\\)$',
    },
  },
  {
    id: 'ast-grep/rust-sql-injection',
    languages: rust,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'SQL built from strings',
    why: 'A value with a quote changes the statement; bind it as a parameter.',
    match: { kind: 'macro_invocation', regex: '^format!' },
    where: node => {
      const text = node.text().replace(/^format!\s*\(\s*/, '')
      const placeholders = [...text.matchAll(/(?<!\{)\{(\w*)(:[^}]*)?\}/g)]
      const named = placeholders
        .map(match => match[1] ?? '')
        .filter(name => name !== '' && !/^\d+$/.test(name))
      const values =
        /",([\s\S]*)\)$/
          .exec(text)?.[1]
          ?.split(',')
          .map(value => value.trim())
          .filter(Boolean) ?? []
      if (!startsSql(text) || ![...named, ...values].some(name => !isTrustedName(name))) return false
      return placeholders.some(place =>
        /(?:[=<>]|'|\blike|\bin\s*\(|\bvalues\s*\([^)]*|\blimit|\boffset)[\s'"`%(]*$/i.test(
          text.slice(0, place.index),
        ),
      )
    },
  },
  {
    id: 'ast-grep/rust-command-injection',
    languages: rust,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'Shell command built from values',
    why: 'Shell characters in a value run as commands; start the program with its own arguments.',
    match: {
      kind: 'call_expression',
      regex: '^Command::new\\("(/bin/)?(ba)?sh"\\)\\s*\\.arg\\("-c"\\)\\s*\\.arg\\(\\s*&?(format!|[a-z])[^"]',
    },
    where: node =>
      (node.field('function')?.text() ?? '').endsWith('.arg') &&
      !/\.arg\([\s\S]*\.arg\([\s\S]*\.arg\(/.test(node.text()),
  },
  {
    id: 'ast-grep/rust-blocking-sleep',
    languages: rust,
    severity: 'high',
    category: 'performance',
    confidence: 0.93,
    title: 'Blocking sleep in an async function',
    why: "The worker thread stands still and with it every task on it; use the runtime's sleep.",
    match: { kind: 'call_expression', has: { field: 'function', regex: '(^|::)thread::sleep$' } },
    where: node => {
      const around = closest(node, ['function_item', 'closure_expression'])
      return around !== undefined && /^[^{]*\basync\b/.test(around.text().split('fn ')[0] ?? '')
    },
  },
  {
    id: 'ast-grep/rust-predictable-secret',
    languages: rust,
    severity: 'high',
    category: 'security',
    confidence: 0.85,
    title: 'Seeded random numbers for a secret',
    why: 'Whoever knows or guesses the seed knows the value; use OsRng.',
    match: { kind: 'call_expression', has: { field: 'function', regex: '::seed_from_u64$' } },
    where: node => namesSecret(purpose(node, ['function_item'])),
  },
]
