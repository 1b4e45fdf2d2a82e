import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { AnalysedFile } from '../../ports/analyser.ts'
import { concerns } from './concern.ts'
import { isWorthSaying } from './oxlint-meant.ts'
import { extension, type Examination } from './protocol.ts'
import { oxlintConfiguration, oxlintRules } from './rules/oxlint.ts'
import { withoutNewDirectives } from './suppression.ts'

const byName = new Map(oxlintRules.map(rule => [rule.id.slice('oxlint/'.length), rule]))
/** Rules whose last label is the defect; the first one is what it repeats. */
const lastLabel = new Set([
  'no-dupe-keys',
  'no-dupe-class-members',
  'no-duplicate-enum-values',
  'jsx-no-duplicate-props',
])
/** Some rules only look at tests, which oxlint knows by their names. */
const testFile = /[._](test|spec)\.|__tests__\//
const program = join(dirname(fileURLToPath(import.meta.resolve('oxlint/package.json'))), 'bin/oxlint')

const output = z.object({
  diagnostics: z.array(
    z.object({
      message: z.string(),
      code: z.string().optional(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.int() }) })).default([]),
    }),
  ),
})

/** Oxlint's findings. It runs over copies under generated names, so no name or configuration of the pull request reaches it. */
export async function examineWithOxlint(files: readonly AnalysedFile[]): Promise<Examination> {
  const ours = files.filter(
    file => concerns('oxlint', file.path) && !/^\s*(\/\*|\/\/)[^\n]*@flow\b/m.test(file.contents),
  )
  return examineTogether(ours)
}

/** A file that makes oxlint crash is looked for by halves, so that it takes no other file's findings with it. */
async function examineTogether(files: readonly AnalysedFile[]): Promise<Examination> {
  if (files.length === 0) return { paths: [], hits: [], failed: false }
  try {
    return await lint(files)
  } catch {
    if (files.length === 1) return { paths: [], hits: [], failed: true }
    const half = Math.ceil(files.length / 2)
    const one = await examineTogether(files.slice(0, half))
    const other = await examineTogether(files.slice(half))
    return { paths: [...one.paths, ...other.paths], hits: [...one.hits, ...other.hits], failed: true }
  }
}

async function lint(ours: readonly AnalysedFile[]): Promise<Examination> {
  const folder = await mkdtemp(join(process.cwd(), 'oxlint-'))
  try {
    const names = ours.map(
      (file, index) =>
        `f${index}.${testFile.test(file.path) ? 'test.' : ''}${/\.d\.[cm]?ts$/.test(file.path) ? 'd.' : ''}${extension(file.path)}`,
    )
    await writeFile(join(folder, 'ours.json'), JSON.stringify(oxlintConfiguration()))
    await Promise.all(
      ours.map((file, index) => writeFile(join(folder, names[index]!), withoutNewDirectives(file).contents)),
    )
    const parsed = output.parse(JSON.parse(await run(folder, names)))
    const texts = ours.map(file => file.contents.split('\n'))
    const hits = parsed.diagnostics.flatMap(({ filename, code, message, labels }) => {
      const index = names.indexOf(filename.replace(/^\.\//, ''))
      const file = ours[index]
      const name = code === undefined ? 'syntax-error' : (/\(([^)]*)\)$/.exec(code)?.[1] ?? '')
      const rule = byName.get(name)
      const row = (lastLabel.has(name) ? labels.at(-1) : labels[0])?.span.line
      if (file === undefined || rule === undefined || row === undefined) return []
      const [above = '', line = ''] = [texts[index]?.[row - 2], texts[index]?.[row - 1]]
      if (!isWorthSaying({ name, message, line, above, contents: file.contents })) return []
      return [{ rule, file, line: row, detail: message }]
    })
    return { paths: ours.map(file => file.path), hits, failed: false }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function run(cwd: string, names: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const argv = [
      program,
      '-c',
      'ours.json',
      '--disable-nested-config',
      '--no-ignore',
      '--format',
      'json',
      '--threads=2',
      ...names,
    ]
    const oxlint = spawn(process.execPath, argv, { cwd, env: {}, stdio: ['ignore', 'pipe', 'ignore'] })
    let text = ''
    oxlint.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    oxlint.on('error', reject)
    // 1 means findings; anything else is a crash.
    oxlint.on('close', code =>
      code === 0 || code === 1 ? resolve(text) : reject(new Error(`oxlint ended with ${code}`)),
    )
  })
}
