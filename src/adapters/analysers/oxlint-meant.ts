export interface OxlintHit {
  name: string
  message: string
  /** Text of the line it stands on. */
  line: string
  above: string
  contents: string
}

const hookLibrary =
  /(?:from\s*|require\(\s*|import\s*)["'](?:react|preact|@wordpress\/element|react-native)\b/

/**
 * Whether oxlint's finding is worth a reviewer's time, by what its own check does not look at. Each line was drawn
 * where the rule spoke about released code (TypeScript, WordPress, jQuery, Express and the like) without being right.
 */
export function isWorthSaying({ name, message, line, above, contents }: OxlintHit): boolean {
  switch (name) {
    case 'array-callback-return':
      return !isSideEffect(line) && !/\.(?:filter|find|some|every)\b/.test(line)
    // Flags of an enum are set with |=.
    case 'bad-bitwise-operator':
      return !/[|&]=/.test(line)
    // What a call or a look-up gives is assigned on purpose; a constant or a bare name is a typing error.
    case 'no-cond-assign':
      return /[^=!<>]=\s*(?:-?[\d.]+|true|false|null|undefined|"[^"]*"|'[^']*'|`[^`]*`|[A-Za-z_$][\w$]*)\s*(?:\)|&&|\|\|)/.test(
        line,
      )
    case 'no-duplicate-enum-values':
      return !message.includes('`0`')
    case 'no-extend-native':
      return !/if\s*\(.*\bprototype\b|typeof\s.*\bprototype\b|!\w+\.prototype/.test(`${above}\n${line}`)
    // Compilers' helpers replace themselves.
    case 'no-func-assign':
      return !message.startsWith("'_")
    case 'no-negation-in-equality-check':
      return !/[!=]==?\s*!/.test(line)
    // NaN is what differs from itself.
    case 'no-self-compare':
      return !/!==?/.test(line)
    case 'no-sparse-arrays':
      return !/\[\s*,\s*\]/.test(line)
    case 'no-template-curly-in-string':
      return !line.includes('`') && namesVariable(line, contents)
    case 'no-unreachable':
      return !/^\s*break\s*;?\s*$/.test(line)
    case 'no-unsafe-finally':
      return !/if \((e(?:_\d+)?)\) throw \1\.error/.test(line)
    case 'rules-of-hooks':
      return hookLibrary.test(contents)
    default:
      return true
  }
}

/** `list.map(…)` whose result nobody takes is a loop. */
function isSideEffect(line: string): boolean {
  return /^\s*[\w$.[\]()]+\.map\(/.test(line) && !/^\s*(?:return|await|yield)\b/.test(line)
}

/** Shells, templates and documentation use the same notation: only a name that the file knows was meant. */
function namesVariable(line: string, contents: string): boolean {
  const name = /\$\{\s*([A-Za-z_$][\w$]*)/.exec(line)?.[1]
  if (name === undefined) return false
  const plain = name.replaceAll('$', '\\$&')
  return new RegExp(
    `\\b(?:const|let|var|function|class|import)\\b[^;\\n=]*\\b${plain}\\b|[(,]\\s*\\{?\\s*${plain}\\s*(?:[,):=}]|=>)|\\b${plain}\\s*=>`,
  ).test(contents.replaceAll(`\${${name}`, ''))
}
