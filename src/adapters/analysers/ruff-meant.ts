import { bodyOf, isInsideFunction } from './python-lines.ts'
import { namesSecret } from './rules/syntax.ts'

export interface RuffHit {
  code: string
  message: string
  path: string
  lines: readonly string[]
  contents: string
  /** 1-based. */
  row: number
  column: number
  endRow: number
}

/**
 * Whether Ruff's finding is worth a reviewer's time, by what its own check does not look at. Each line was drawn
 * where the rule spoke about released code (Django, Twisted, pip, SQLAlchemy, Ansible) without being right.
 */
export function isMeant(hit: RuffHit): boolean {
  const { code, message, lines, row } = hit
  const line = lines[row - 1] ?? ''
  const text = excerpt(lines, row - 1, hit.endRow)
  const withAbove = excerpt(lines, Math.max(0, row - 2), hit.endRow)
  switch (code) {
    case 'B006':
      return keepsDefault(hit)
    case 'B015':
      return !/raises\b|assertRaises/.test(withAbove)
    // A function that is called before the next step sees the right value; one that is stored does not.
    case 'B023':
      return /\.(?:append|add\w*|insert|setdefault|connect|submit|after|bind)\(|\]\s*=|command\s*=|callback|Thread\(|call_(?:later|soon)|lambda[^\n]*\bfor\b/.test(
        withAbove,
      )
    case 'F402':
      return !message.includes('`_`')
    case 'F811':
      return !hit.path.endsWith('.pyi') && /^\s*(?:async\s+def|def|class)\b/.test(line)
    case 'F821':
      return isReallyUndefined(/`([^`]+)`/.exec(message)?.[1] ?? '', text, hit.contents)
    // A package may name its modules in __all__.
    case 'F822':
      return !hit.path.endsWith('__init__.py')
    // What a call returns may well be None.
    case 'PLE0101':
      return !/^\s*return\s+(?:await\s+)?[\w.]+\(.*\)\s*(?:#.*)?$/.test(line)
    // The idiom for NaN.
    case 'PLR0124':
      return !message.includes('!=') && !/!=/.test(line)
    // In a module or class body it makes a name part of the interface.
    case 'PLW0127':
      return isInsideFunction(lines, row)
    case 'PLW0128':
      return !/`(?:_+|dummy|unused|nil|ignored?|junk)`/.test(message)
    case 'S102':
      return !/\bcompile\(/.test(text)
    case 'S103': {
      const mask = /`0o(\d+)`/.exec(message)?.[1]
      return mask !== undefined && (Number.parseInt(mask.at(-1) ?? '0', 8) & 2) !== 0
    }
    case 'S110':
    case 'S112':
      return !text.includes('#')
    case 'S202':
      return !/\b(?:filter|members)\s*=/.test(text)
    case 'S301':
      return !/\bdumps\(/.test(text)
    case 'S308':
      return (
        /mark_safe\(\s*f["']|["']\s*%|\.format\(|["']\s*\+|\+\s*["']/.test(text) &&
        !/escape|sanitiz/i.test(text)
      )
    case 'S311':
      return namesSecret(withAbove)
    case 'S324':
      return namesSecret(text)
    case 'S506':
      return !/Loader\s*=/.test(text) || /Loader\s*=\s*(?:\w+\.)*(?:Unsafe)?Loader\b/.test(text)
    case 'S602':
    case 'S605':
      return !message.includes('seems safe')
    case 'S604':
      return /\bshell\s*=\s*True\b/.test(text)
    case 'S608':
      return bindableSql(text)
    default:
      return true
  }
}

/** Long enough for any statement that a person wrote, short enough for any pattern here. */
function excerpt(lines: readonly string[], from: number, to: number): string {
  return lines
    .slice(from, Math.min(to, from + 40))
    .join('\n')
    .slice(0, 4000)
}

/** Whether a mutable default is changed, kept or handed out, so that a later call can meet it. */
function keepsDefault({ lines, row, column }: RuffHit): boolean {
  const name = /(\w+)\s*(?::[^=]*)?=\s*$/.exec((lines[row - 1] ?? '').slice(0, column - 1))?.[1]
  if (name === undefined) return true
  // The underscore says that the default is the function's own memory.
  if (name.startsWith('_')) return false
  return new RegExp(
    `\\b${name}\\s*(?:\\.(?:append|extend|insert|add|update|setdefault|pop|popitem|remove|discard|clear|sort|reverse)\\(|\\[[^\\]\\n]*\\]\\s*(?:=[^=]|[-+*|]=)|[-+|&]=)|\\bdel\\s+${name}\\[|\\b\\w+\\.\\w+\\s*=\\s*${name}\\s*$|\\breturn\\s+${name}\\s*$`,
    'm',
  ).test(bodyOf(lines, row))
}

const python2 =
  /^(?:long|unicode|basestring|file|xrange|raw_input|unichr|reduce|cmp|execfile|buffer|intern|reload)$/

function isReallyUndefined(name: string, text: string, contents: string): boolean {
  if (python2.test(name) && /\bPY[23]\b|sys\.version|\bsix\b|except NameError/.test(contents)) return false
  return !new RegExp(`Literal\\[[^\\]]*["']${name.replace(/\W/g, '\\$&')}["']`).test(text)
}

const sqlInText =
  /["'](?:\s|\\n)*(?:select\s|insert\s+into\s|update\s+\S+\s+set\b|delete\s+from\s|replace\s+into\s|with\s+\w+\s+as\b)/i
const valueInSql =
  /(?:[=<>]|\blike\b|\bilike\b|\bin\s*\(|\bvalues\s*\([^)]*|\blimit\b|\boffset\b)\s*\\?['"%(]{0,3}(?:\{(?!\{)|(?<!%)%[sdrf(]|['"]{1,3}\s*\+|['"]\s*\.\s*join)/i

/** A table's or column's name cannot be bound, so the rule speaks only of values and of what a request holds. */
function bindableSql(text: string): boolean {
  if (!sqlInText.test(text)) return false
  if (!valueInSql.test(text) && !/\brequest\.|\bargv\b|\binput\(/.test(text)) return false
  const values = [...text.matchAll(/(?<!\{)\{([^{}]+)\}/g)].map(match => match[1]?.trim() ?? '')
  return values.length === 0 || !values.every(isPlaceholderName)
}

function isPlaceholderName(value: string): boolean {
  return (
    /placeholder|qmark|^marks$|^binds$|^[A-Z][A-Z0-9_]*$/i.test(value) &&
    (/[a-z]{4}/.test(value) || /^[A-Z0-9_]+$/.test(value))
  )
}
