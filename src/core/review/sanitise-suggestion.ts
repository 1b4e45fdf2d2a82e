import type { Finding } from './finding.ts'
import { hasInvisible } from './hostile.ts'
import { maskSecrets } from './sanitise-text.ts'

/** Files in which one click on a suggestion could run something or change what is installed. */
const forbiddenPaths: readonly RegExp[] = [
  /^\.github\/(?:workflows|actions)\//i,
  /(?:^|\/)action\.ya?ml$/i,
  /\.(?:sh|bash|zsh|fish|ps1|bat|cmd)$/i,
  /(?:^|\/)(?:Dockerfile|Containerfile)(?:\..*)?$|\.dockerfile$/i,
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|go\.sum)$|(?:\.|-)lock(?:\.ya?ml|\.json|file|b)?$/i,
]

const maxLines = 20

function addresses(text: string): string[] {
  return text.match(/(?:[a-z][a-z0-9+.-]*:)?\/\/[\w.-]+\.\w[^\s"'`)>\]]*|\bwww\.[^\s"'`)>\]]+/gi) ?? []
}

/**
 * The suggestion when it may be offered, else undefined. It replaces exactly the anchored lines of the new file,
 * brings in no address, secret or invisible character, and cannot be read as a command. Line ends are line feeds,
 * as GitHub stores comments; it writes them with the file's own when applied.
 */
export function safeSuggestion(
  finding: Pick<Finding, 'path' | 'side' | 'quote' | 'suggestion'>,
): string | undefined {
  if (finding.suggestion === undefined || finding.side !== 'RIGHT') return undefined
  if (forbiddenPaths.some(pattern => pattern.test(finding.path))) return undefined
  const text = finding.suggestion.replace(/\r\n?/g, '\n').replace(/\n$/, '')
  const before = finding.quote.replaceAll('\r', '')
  if (text === before || text.split('\n').length > maxLines || before.split('\n').length > maxLines)
    return undefined
  if (hasInvisible(text) || !text.isWellFormed() || maskSecrets(text) !== text) return undefined
  if (addresses(text).some(address => !before.includes(address))) return undefined
  if (text.includes('<!-- cupel:')) return undefined
  const kept = new Set(before.split('\n'))
  const brought = text.split('\n').filter(line => !kept.has(line))
  if (brought.some(line => /^(?:\/[a-z][\w-]*(?:\s|$)|@\w|<<<<<<<|@@ )/i.test(line))) return undefined
  return looksLikeDiff(text, before) ? undefined : text
}

/** Some answers put diff marks before every line: such text would be pasted with its marks. */
function looksLikeDiff(text: string, before: string): boolean {
  const marked = (value: string) => value.split('\n').every(line => /^[+-]/.test(line))
  return text !== '' && marked(text) && !marked(before)
}
