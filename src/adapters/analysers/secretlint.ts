import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { lintSource } from '@secretlint/core'
import { rules as presetRules } from '@secretlint/secretlint-rule-preset-recommend'
import type { AnalysedFile } from '../../ports/analyser.ts'
import type { Examination } from './protocol.ts'
import { secretRules } from './rules/secrets.ts'
import { isDemonstration } from './test-path.ts'

const byName = new Map(secretRules.map(rule => [rule.id.slice('secretlint/'.length), rule]))
const patterns: [string, RegExp][] = [
  ['github-token', /\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})/],
  ['private-key', /-----BEGIN (RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY( BLOCK)?-----/],
  [
    'cloud-key',
    /\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{35}|\bsk_live_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{20,}|\bsk-ant-[A-Za-z0-9_-]{24,}|\bglpat-[A-Za-z0-9_-]{20}|\bnpm_[A-Za-z0-9]{36}\b/,
  ],
]
const assignment =
  /(?:password|passwd|secret|api_?key|secret_?key|access_?key|private_?key|(?:access|auth|api|bearer)_?token)["']?\s*(?:=>|:=|[:=])\s*["'`]([^"'`\s]{8,200})["'`]/i
/** A line of a comment that shows how to call something. */
const comment = /^\s*(?:#|\/\/|\*|--|;|<!--|>>>|irb)/
/** Addresses with a password that opens nothing: made-up hosts and words, the machine itself, a variable. */
const harmlessAddress =
  /:\/\/(?:[^\s:/@]*:(?:pass\w*|passwd|secret|tiger|pw|x+|\*+|<[^>]*>|\$[\w{(][^@]*|%\w+|\{[^}]*\}|my\w*|your\w*)@|([^\s:/@]+):\1@|[^\s@/]*@(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host(?:name)?\b|server\b|test\b|(?:[\w-]+\.)*example(?:\.\w+)?\b))/i
const notASecret =
  /example|sample|change.?me|placeholder|dummy|fake|your[-_]|xxx|\*\*\*|\.\.\.|^test|<|\$\{|\$\(|\{\{|%[sd(]|process\.env|redacted|^[A-Z_]+$|^\/|^https?:/i

/** Shannon entropy in bits per character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

function looksSecret(value: string): boolean {
  return !notASecret.test(value) && entropy(value) >= 2.8 && /\d/.test(value) && /[a-z]/i.test(value)
}

/** Not a mere mark, such as a parser compares lines with: `"-----BEGIN PRIVATE KEY-----"` and nothing in it. */
function isKeyMaterial(rest: string, next: string): boolean {
  if (/startsWith|includes|test\(|regex/i.test(rest)) return false
  return (
    !/^["'`)\]/;,.\s+:]*$/.test(rest) || !/["'`]/.test(rest) || /^[\s"'`+]*[A-Za-z0-9+/=]{16,}/.test(next)
  )
}

// It times every rule of every file and keeps the figures for ever: the process would grow without end.
const profiler = createRequire(import.meta.resolve('@secretlint/core')).resolve('@secretlint/profiler')
const { secretLintProfiler } = (await import(pathToFileURL(profiler).href)) as {
  secretLintProfiler: { setEnabled(enabled: boolean): void }
}
secretLintProfiler.setEnabled(false)

// Its comment filter is left out: a pull request must not be able to switch the scan off.
const rules = presetRules
  .filter(rule => !rule.meta.id.includes('filter-comments'))
  .map(rule => ({ id: rule.meta.id, rule }))

export async function examineWithSecretlint(files: readonly AnalysedFile[]): Promise<Examination> {
  const found: Examination = { paths: [], hits: [], failed: false }
  for (const file of files) {
    try {
      const known = new Set<number>()
      const add = (name: string, line: number): void => {
        const rule = byName.get(name)
        if (rule === undefined || known.has(line)) return
        known.add(line)
        found.hits.push({ rule, file, line })
      }
      const lines = file.contents.split('\n')
      const shown = isDemonstration(file.path)
      for (const line of file.changedLines) {
        const text = (lines[line - 1] ?? '').slice(0, 4000)
        for (const [name, pattern] of patterns) {
          const match = pattern.exec(text)
          if (match === null) continue
          const meant =
            name === 'private-key'
              ? !shown && isKeyMaterial(text.slice(match.index + match[0].length), lines[line] ?? '')
              : !/EXAMPLE|(.)\1{7}/.test(match[0])
          if (meant) add(name, line)
        }
        const value = assignment.exec(text)?.[1]
        if (value !== undefined && !shown && !comment.test(text) && looksSecret(value))
          add('hard-coded', line)
      }
      // A scan of a whole large file costs more than it finds: only the changed lines, on their own places.
      const changed = new Set(file.changedLines)
      const content = lines
        .map((text, index) => (changed.has(index + 1) ? text.slice(0, 4000) : ''))
        .join('\n')
      const result = await lintSource({
        source: { content, filePath: 'file.txt', ext: '.txt', contentType: 'text' },
        options: { maskSecrets: true, noPhysicFilePath: true, config: { rules } },
      })
      // The tool's own message may quote the secret's surroundings, so ours stands alone.
      for (const { ruleId, loc } of result.messages) {
        const text = (lines[loc.start.line - 1] ?? '').slice(0, 4000)
        const kind = ruleId.slice(ruleId.lastIndexOf('-') + 1)
        if (kind === 'privatekey' && (shown || !isKeyMaterial(text, lines[loc.start.line] ?? ''))) continue
        if (harmlessAddress.test(text) || (shown && text.includes('://'))) continue
        add('recognised', loc.start.line)
      }
      found.paths.push(file.path)
    } catch {
      found.failed = true
    }
  }
  return found
}
