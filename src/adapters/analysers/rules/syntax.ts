import type { SgNode } from '@ast-grep/napi'

const sqlStart = /^[\s"'`(]*(select\s[\s\S]*|insert\s+into\s|update\s+\S+\s+set\b|delete\s+from\s)/i
const sqlSelect = /\bfrom\b/i
/** Names of things a program chooses itself: table constants, lists of placeholders. */
const trusted =
  /placeholder|qmark|bindmark|^marks$|^binds$|columns?$|^cols$|table(name)?$|schema$|^quoted|^escaped|^safe_?\w/i
/** Calls after which a value can no longer change a statement. */
const made =
  /quote|escap|sanitiz|\bliteral\(|intval\(|absint\(|\(int\)|\bint\(|\.to_i\b|parseInt\(|Number\(|Atoi\(|Itoa\(|\.length\b|\bcount\(|\.join\([^)]*\?|placeholder/i
/** What a caller from outside sends. */
const fromOutside = /\b(?:req|request|params|ctx\.query)\b|\$_(?:GET|POST|REQUEST|COOKIE)\b/
/** Where a statement takes a value. A table's or column's name cannot be bound as a parameter. */
const valuePlace =
  /(?:[=<>]|'|\blike|\bilike|\bin\s*\(|\bvalues\s*\([^)]*|\blimit|\boffset|\bbetween)[\s'"`%(]*$/i
const secretWord =
  /passw|pwd|secret|token|session|otp|nonce|salt|credential|csrf|api_?key|reset_?code|verif\w*code/i

export function startsSql(text: string): boolean {
  const match = sqlStart.exec(text)
  if (match === null) return false
  return !/^select/i.test(match[1] ?? '') || sqlSelect.test(text) || /\s$/.test(text.replace(/["'`]$/, ''))
}

export function namesSecret(text: string): boolean {
  return secretWord.test(text)
}

/** Whether a value put in after this much of the statement could and should be a bound parameter. */
function isInjected(before: string, value: string): boolean {
  if (isTrustedName(value) || made.test(value)) return false
  return valuePlace.test(before) || fromOutside.test(value)
}

export function isTrustedName(text: string): boolean {
  const last = text.split(/\.|->|::/).at(-1) ?? text
  return /^[A-Z][A-Z0-9_]*$/.test(last) || (trusted.test(last) && /^[\w$.:>-]+$/.test(text))
}

const literalKinds =
  /^(string|string_literal|interpreted_string_literal|raw_string_literal|encapsed_string|string_value|number|int_literal|integer|float|decimal_integer_literal|number_literal|integer_literal|character_literal|char_literal|true|false|null|nil|null_literal|concatenated_string|template_string|template_literal)$/

/** A literal without anything interpolated. */
export function isLiteral(node: SgNode): boolean {
  const kind = String(node.kind())
  if (kind === 'parenthesized_expression') return node.namedChildren().every(isLiteral)
  if (kind === 'binary_expression') return operands(node).every(isLiteral)
  if (!literalKinds.test(kind)) return false
  return interpolations(node).length === 0
}

const interpolationKinds = new Set([
  'template_substitution',
  'interpolation',
  'variable_name',
  'member_access_expression',
  'subscript_expression',
  'dynamic_variable_name',
])

export function interpolations(node: SgNode): SgNode[] {
  return node.namedChildren().filter(child => interpolationKinds.has(String(child.kind())))
}

/** Leaves of a chain of one binary operator. */
export function operands(node: SgNode): SgNode[] {
  if (String(node.kind()) === 'parenthesized_expression') return node.namedChildren().flatMap(operands)
  if (!/^binary(_expression)?$/.test(String(node.kind()))) return [node]
  const left = node.field('left')
  const right = node.field('right')
  return left === null || right === null ? [node] : [...operands(left), ...operands(right)]
}

/** The first operand by which a value gets into an SQL string built with + or . */
export function sqlConcatenation(node: SgNode): boolean | SgNode {
  const kind = String(node.kind())
  const parent = node.parent()
  if (parent !== null && String(parent.kind()) === kind) return false
  const parts = operands(node)
  const first = parts.find(part => literalKinds.test(String(part.kind())))
  if (first === undefined || !startsSql(first.text())) return false
  let before = ''
  for (const part of parts) {
    if (!isLiteral(part) && isInjected(before, part.text())) return part
    before += isLiteral(part) ? part.text().replace(/^["'`]|["'`]$/g, '') : 'x'
  }
  return false
}

/** True for an SQL string with an interpolated value that the program did not choose itself. */
export function sqlInterpolation(node: SgNode): boolean | SgNode {
  if (!startsSql(node.text())) return false
  return interpolations(node).find(part => isInjectedPart(node, part)) ?? false
}

/** Whether a string's interpolation stands where the statement takes a value. */
export function isInjectedPart(string: SgNode, part: SgNode): boolean {
  const value = part
    .text()
    .replace(/^[$#]?\{|\}$/g, '')
    .replace(/^\$/, '')
    .trim()
  const before = string.text().slice(0, part.range().start.index - string.range().start.index)
  return isInjected(before.replace(/\{$/, ''), value)
}

/** A formatted statement: the values whose place in the format (by order) takes a value. */
export function injectedByFormat(format: string, verb: RegExp, values: readonly SgNode[]): boolean {
  const places = [...format.matchAll(verb)]
  return values.some((value, index) => {
    const place = places[index]
    return place !== undefined && !isLiteral(value) && isInjected(format.slice(0, place.index), value.text())
  })
}

/**
 * Where a match stands: for a call at the end of a chain, the line of the method's name, since the chain may begin
 * lines above.
 */
export function standsAt(node: SgNode): SgNode {
  const callee = node.field('function') ?? node
  return (
    callee.field('property') ??
    callee.field('field') ??
    callee.field('method') ??
    callee.field('name') ??
    node
  )
}

/** The nearest ancestor of one of the kinds, unless one of `stops` comes first. */
export function closest(
  node: SgNode,
  kinds: readonly string[],
  stops: readonly string[] = [],
): SgNode | undefined {
  for (const ancestor of node.ancestors()) {
    const kind = String(ancestor.kind())
    if (kinds.includes(kind)) return ancestor
    if (stops.includes(kind)) return undefined
  }
  return undefined
}

export function argumentsOf(call: SgNode): SgNode[] {
  const list = call.field('arguments')
  return list === null ? [] : list.namedChildren().filter(child => String(child.kind()) !== 'comment')
}

/** Argument expressions of a call in a grammar that wraps each one in an `argument` node. */
export function unwrapped(nodes: SgNode[]): SgNode[] {
  return nodes.map(node =>
    String(node.kind()) === 'argument' ? (node.namedChildren().at(-1) ?? node) : node,
  )
}

/** The text that tells what a value is for: its statement's line and the name of the function around it. */
export function purpose(node: SgNode, functions: readonly string[]): string {
  const around = closest(node, functions)
  const name = around?.field('name')?.text() ?? ''
  const statement = closest(node, [
    'variable_declarator',
    'short_var_declaration',
    'assignment',
    'assignment_expression',
    'local_variable_declaration',
    'init_declarator',
    'let_declaration',
    'return_statement',
    'pair',
  ])
  return `${name} ${statement?.text() ?? ''} ${node.text()}`
}
