import type { SgNode } from '@ast-grep/napi'
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

const languages = ['java'] as const
const functions = ['method_declaration']

/** Whether the name is declared with one of the types by a parameter or local of the method, or by a field. */
function isDeclared(node: SgNode, types: string, name: string): boolean {
  const scope = closest(node, ['class_body'])
  return scope !== undefined && new RegExp(`\\b(?:${types})\\s+${name}\\b`).test(scope.text())
}

function isParameter(method: string, name: string): boolean {
  return new RegExp(`\\bString\\s+${name}\\b`).test(method)
}

export const javaRules: AstRule[] = [
  {
    id: 'ast-grep/java-sql-injection',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.9,
    title: 'SQL built from strings',
    why: 'A value with a quote changes the statement; use a PreparedStatement with parameters.',
    match: {
      any: [
        { kind: 'binary_expression' },
        { kind: 'method_invocation', regex: '^String\\.format\\(|\\.formatted\\(' },
      ],
    },
    where: node => {
      if (String(node.kind()) === 'binary_expression') return sqlConcatenation(node)
      const formatted = node.field('name')?.text() === 'formatted'
      const format = formatted ? node.field('object') : argumentsOf(node)[0]
      if (format === null || format === undefined || !startsSql(format.text())) return false
      return injectedByFormat(format.text(), /%[\d$]*[a-z]/g, argumentsOf(node).slice(formatted ? 0 : 1))
    },
  },
  {
    id: 'ast-grep/java-string-identity',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.93,
    title: 'Strings are compared by identity',
    why: '== is true only for the same object; use equals.',
    match: { kind: 'binary_expression' },
    where: node => {
      if (!/^[!=]=$/.test(node.field('operator')?.text() ?? '')) return false
      const sides = [node.field('left'), node.field('right')]
      if (sides.some(side => side === null || side.text() === 'null')) return false
      if (sides.some(side => String(side?.kind()) === 'string_literal')) return true
      const method = closest(node, ['method_declaration', 'constructor_declaration'])?.text() ?? ''
      // Identity first, equals after it, is a short cut.
      if (/\.(equals|compareTo)\(/.test(method)) return false
      return sides.every(
        side => side !== null && String(side.kind()) === 'identifier' && isParameter(method, side.text()),
      )
    },
  },
  {
    id: 'ast-grep/java-weak-cipher',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.92,
    title: 'Weak cipher or mode',
    why: 'ECB shows equal blocks (and is the default of a bare "AES"), DES and RC4 are broken; use AES/GCM/NoPadding.',
    match: {
      kind: 'method_invocation',
      regex: '^Cipher\\.getInstance\\(\\s*"([^"]*/ECB/[^"]*|AES|DES|DESede|RC4|ARCFOUR|DES/[^"]*)"',
    },
    where: node => !/"RSA/.test(node.text()),
  },
  {
    id: 'ast-grep/java-weak-hash',
    languages,
    severity: 'medium',
    category: 'security',
    confidence: 0.85,
    title: 'Weak hash',
    why: 'MD5 and SHA-1 collide and are fast to try; use SHA-256, and a slow hash for passwords.',
    match: { kind: 'method_invocation', regex: '^MessageDigest\\.getInstance\\(\\s*"(MD5|MD2|SHA-?1)"' },
  },
  {
    id: 'ast-grep/java-swallowed-exception',
    languages,
    severity: 'medium',
    category: 'reliability',
    confidence: 0.85,
    title: 'Exception is swallowed',
    why: 'Every failure in the block vanishes without a trace.',
    match: { kind: 'catch_clause', has: { field: 'body', regex: '^\\{\\s*\\}$' } },
    // Any other name says why nothing is done: ignored, expected, tolerated, tryReflectionInstead.
    where: node => /\b(e|ex|exc|exception|err|error|t|th|throwable)\s*\)/.test(node.text()),
  },
  {
    id: 'ast-grep/java-native-deserialisation',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.85,
    title: 'Java deserialisation',
    why: 'A crafted stream runs code of classes on the class path; use a data format or an ObjectInputFilter.',
    match: { kind: 'object_creation_expression', has: { field: 'type', regex: '^ObjectInputStream$' } },
    where: node => !/ObjectInputFilter/.test(node.getRoot().root().text()),
  },
  {
    id: 'ast-grep/java-command-injection',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Command built from strings',
    why: 'Spaces and shell characters in a value change the command; use ProcessBuilder with a list.',
    match: { kind: 'method_invocation', has: { field: 'name', regex: '^exec$' } },
    where: node =>
      /untime/.test(node.field('object')?.text() ?? '') &&
      String(argumentsOf(node)[0]?.kind()) === 'binary_expression' &&
      !isLiteral(argumentsOf(node)[0]!),
  },
  {
    id: 'ast-grep/java-predictable-secret',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.88,
    title: 'Predictable random numbers for a secret',
    why: 'java.util.Random can be predicted; use SecureRandom.',
    match: {
      any: [
        { kind: 'object_creation_expression', has: { field: 'type', regex: '^(java\\.util\\.)?Random$' } },
        { pattern: 'Math.random()' },
      ],
    },
    where: node => namesSecret(purpose(node, functions)),
  },
  {
    id: 'ast-grep/java-trust-all',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.93,
    title: 'Certificate or host name check switched off',
    why: 'Anyone on the way can read and change the traffic.',
    match: {
      any: [
        {
          kind: 'method_declaration',
          all: [
            { has: { field: 'name', regex: '^checkServerTrusted$' } },
            { has: { field: 'body', regex: '^\\{\\s*\\}$' } },
          ],
        },
        {
          kind: 'lambda_expression',
          regex: '^\\(\\w+, *\\w+\\) *-> *true$',
          inside: { stopBy: 'end', kind: 'method_invocation', regex: 'ostnameVerifier' },
        },
      ],
    },
  },
  {
    id: 'ast-grep/java-xml-entities',
    languages,
    severity: 'high',
    category: 'security',
    confidence: 0.8,
    title: 'XML parser with external entities',
    why: 'A crafted document reads local files or calls other hosts; disallow doctypes.',
    match: {
      kind: 'method_invocation',
      regex: '^(DocumentBuilderFactory|SAXParserFactory|XMLInputFactory)\\.(newInstance|newFactory)\\(\\)$',
    },
    where: node =>
      !/setFeature|setProperty|setAttribute|setExpandEntityReferences/.test(node.getRoot().root().text()),
  },
  {
    id: 'ast-grep/java-return-in-finally',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.95,
    title: 'Control flow in finally discards the result',
    why: 'return or throw in finally replaces the value or exception of the try block.',
    match: { any: [{ kind: 'return_statement' }, { kind: 'throw_statement' }] },
    where: node =>
      closest(node, ['finally_clause'], ['lambda_expression', 'method_declaration', 'try_statement']) !==
      undefined,
  },
  {
    id: 'ast-grep/java-ignored-result',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    title: 'Result of a pure method is ignored',
    why: 'Strings and BigDecimals do not change: the call has no effect.',
    match: {
      kind: 'expression_statement',
      has: {
        kind: 'method_invocation',
        has: {
          field: 'name',
          regex: '^(trim|strip|toUpperCase|toLowerCase|substring|concat|replaceAll|setScale)$',
        },
      },
    },
    where: node => {
      const receiver = node.namedChildren()[0]?.field('object')
      return (
        String(receiver?.kind()) === 'identifier' &&
        isDeclared(node, 'String|BigDecimal', receiver?.text() ?? '')
      )
    },
  },
  {
    id: 'ast-grep/java-thread-run',
    languages,
    severity: 'high',
    category: 'concurrency',
    confidence: 0.95,
    title: 'Thread.run is called directly',
    why: 'The work runs in the calling thread; start() makes a new one.',
    match: { kind: 'method_invocation', regex: '^new Thread\\([\\s\\S]*\\)\\.run\\(\\)$' },
  },
  {
    id: 'ast-grep/java-inexact-decimal',
    languages,
    severity: 'medium',
    category: 'correctness',
    confidence: 0.93,
    title: 'BigDecimal from a double',
    why: '`new BigDecimal(0.1)` is 0.1000000000000000055…; use a string or valueOf.',
    match: { kind: 'object_creation_expression', regex: '^new BigDecimal\\(\\s*\\d+\\.\\d+[dD]?\\s*[,)]' },
  },
  {
    id: 'ast-grep/java-self-assign',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.95,
    title: 'Variable is assigned to itself',
    why: 'The statement has no effect; the field (this.x) or another name was meant.',
    match: { pattern: '$A = $A' },
  },
  {
    id: 'ast-grep/java-off-by-one',
    languages,
    severity: 'high',
    category: 'correctness',
    confidence: 0.92,
    title: 'Loop runs one past the end',
    why: 'The last step is out of bounds and throws.',
    match: { kind: 'for_statement' },
    where: node => {
      const bound = /^(\w+)\s*<=\s*(\w+)\.(length|size\(\)|length\(\))$/.exec(
        node.field('condition')?.text() ?? '',
      )
      const body = node.field('body')?.text() ?? ''
      if (bound === null || /=\s*1\s*;?$/.test(node.field('init')?.text() ?? '')) return false
      return [
        `${bound[2]}[${bound[1]}]`,
        `${bound[2]}.get(${bound[1]})`,
        `${bound[2]}.charAt(${bound[1]})`,
      ].some(use => body.includes(use))
    },
  },
]
