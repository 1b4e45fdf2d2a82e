import type { AnalyserName } from '../../core/configuration.ts'
import { extension } from './protocol.ts'
import type { AstLanguage } from './rules/rule.ts'

const scripts = new Set(['js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx'])

const languages: Record<string, AstLanguage> = {
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'tsx',
  go: 'go',
  java: 'java',
  rb: 'ruby',
  rake: 'ruby',
  rs: 'rust',
  c: 'c',
  h: 'cpp',
  cc: 'cpp',
  cpp: 'cpp',
  cxx: 'cpp',
  hpp: 'cpp',
  hh: 'cpp',
  php: 'php',
}

export function languageOf(path: string): AstLanguage | undefined {
  const name = extension(path)
  return Object.hasOwn(languages, name) ? languages[name] : undefined
}

/** Whether an analyser has anything to do with a file of this name; else it is not even loaded. */
export function concerns(analyser: AnalyserName, path: string): boolean {
  switch (analyser) {
    case 'oxlint':
      return scripts.has(extension(path))
    case 'ruff':
      return /^pyi?$/.test(extension(path))
    case 'secretlint':
      return true
    case 'actionlint':
      return /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path)
    case 'ast-grep':
      return languageOf(path) !== undefined
  }
}
