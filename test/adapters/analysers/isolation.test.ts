import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { startAnalysers } from '../../../src/adapters/analysers/host.ts'
import { analyserNames } from '../../../src/core/configuration.ts'
import type { AnalysedFile, AnalyserReport, Analysers } from '../../../src/ports/analyser.ts'

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 120_000 })

/** For tests that do the child no harm. */
const shared = startAnalysers()
afterAll(() => shared.close())

const started: Analysers[] = []
afterEach(async () => {
  for (const analysers of started.splice(0)) await analysers.close()
})
function start(...options: Parameters<typeof startAnalysers>): Analysers {
  const analysers = startAnalysers(...options)
  started.push(analysers)
  return analysers
}

function file(path: string, contents: string): AnalysedFile {
  return { path, contents, changedLines: contents.split('\n').map((_line, index) => index + 1) }
}
const never = new AbortController().signal
const ask = (analysers: Analysers, files: AnalysedFile[], deadlineMs = 100_000): Promise<AnalyserReport[]> =>
  analysers.analyse(analyserNames, files, { deadlineMs, signal: never })

const outcomes = (reports: AnalyserReport[]) =>
  Object.fromEntries(reports.map(({ analyser, outcome, fault }) => [analyser, fault ?? outcome]))
const sources = (reports: AnalyserReport[]) =>
  reports.flatMap(({ findings }) => findings.map(({ path, source }) => `${path} ${source}`)).toSorted()

const defects = [
  file('src/a.js', 'eval(x)'),
  file('src/a.py', 'eval(input())'),
  file('src/a.c', 'void f(char *b) { gets(b); }'),
  file('src/a.txt', 'token ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6'),
  file(
    '.github/workflows/a.yml',
    'on: pull_request\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n',
  ),
]
const allOk = Object.fromEntries(analyserNames.map(name => [name, 'ok']))

it('takes no configuration, plug-in or ignore list of the pull request', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cupel-trap-'))
  const trap = join(folder, 'sprung')
  const code = `require('node:fs').writeFileSync(${JSON.stringify(trap)}, '')`
  const silence = { rules: { 'no-eval': 'off' }, ignorePatterns: ['**'], jsPlugins: ['./trap.cjs'] }
  const hostile = [
    ...['.oxlintrc.json', 'src/.oxlintrc.json', '.eslintrc.json'].map(path =>
      file(path, JSON.stringify(silence)),
    ),
    file('oxlint.config.ts', `${code}\nexport default ${JSON.stringify(silence)}`),
    file('trap.cjs', code),
    file('.eslintignore', '*'),
    file('package.json', JSON.stringify({ eslintConfig: silence, oxlint: silence, type: 'commonjs' })),
    file(
      'tsconfig.json',
      JSON.stringify({ compilerOptions: { plugins: [{ name: './trap.cjs' }] }, exclude: ['**'] }),
    ),
    ...['ruff.toml', '.ruff.toml', 'src/ruff.toml'].map(path =>
      file(path, 'exclude = ["*"]\n[lint]\nselect = []\n'),
    ),
    file('pyproject.toml', '[tool.ruff]\nexclude = ["*"]\n[tool.ruff.lint]\nignore = ["ALL"]\n'),
    file('.secretlintrc.json', JSON.stringify({ rules: [{ id: './trap.cjs' }] })),
    file('.secretlintrc.js', code),
    file('.secretlintignore', '*'),
    file(
      'sgconfig.yml',
      'ruleDirs: [rules]\ncustomLanguages:\n  mine: { libraryPath: ./trap.so, extensions: [js] }\n',
    ),
    file('.github/actionlint.yaml', 'paths:\n  .github/workflows/*.yml:\n    ignore: [".*"]\n'),
  ]
  try {
    const alone = await ask(shared, defects)
    const beside = await ask(shared, [...hostile, ...defects])
    expect(outcomes(beside)).toEqual(allOk)
    expect(sources(alone)).toHaveLength(defects.length)
    expect(sources(beside).filter(source => !source.startsWith('.') && !source.startsWith('trap'))).toEqual(
      sources(alone).filter(source => !source.startsWith('.')),
    )
    expect(sources(beside)).toContain('.github/workflows/a.yml actionlint/untrusted-input')
    expect(existsSync(trap)).toBe(false)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it.each([
  [
    'a comment in the file',
    '/* oxlint-disable */\n/* eslint-disable */\neval(x)',
    '# ruff: noqa\neval(input())  # noqa\n',
  ],
  ['a comment on the line', 'eval(x) // eslint-disable-line', 'eval(input())  # noqa: S307\n'],
])('is not silenced by %s that the pull request adds', async (_, script, python) => {
  const reports = await ask(shared, [file('a.js', script), file('a.py', python)])
  expect(sources(reports)).toEqual(['a.js oxlint/no-eval', 'a.py ruff/S307'])
})

it.each<[string, AnalysedFile, string]>([
  ['oxlint', file('deep.js', '('.repeat(200_000)), 'oxlint'],
  ['Ruff', file('deep.py', `x=${'('.repeat(100_000)}`), 'ruff'],
  ['actionlint', file('.github/workflows/deep.yml', '['.repeat(50_000)), 'actionlint'],
])(
  'says that %s failed over a file it cannot parse, and has every other finding',
  async (_, deep, failing) => {
    const analysers = start()
    const reports = await ask(analysers, [deep, ...defects])
    expect(outcomes(reports)).toEqual({ ...allOk, [failing]: 'analyser-failed' })
    expect(sources(reports)).toEqual(sources(await ask(analysers, defects)))
    const lost = reports.find(({ analyser }) => analyser === failing)
    expect(lost?.paths).not.toContain(deep.path)
  },
)

it.each([
  ['keeps the child that only needs longer', 60_000, true],
  ['replaces a child that is stuck', 300, false],
])('answers at the deadline, says analyser-timeout, and %s', async (_, patienceMs, kept) => {
  const analysers = start({ limits: { patienceMs } })
  const others = new Set(below(process.pid))
  await ask(analysers, defects)
  const first = below(process.pid).filter(pid => !others.has(pid))
  const slow = file('slow.js', 'if (a = 1) g();\n'.repeat(60_000))
  const late = await ask(analysers, [slow, ...defects], 150)
  expect(outcomes(late)['ast-grep']).toBe('analyser-timeout')
  for (const report of late.filter(({ outcome }) => outcome === 'late'))
    expect(report).toMatchObject({ paths: [], findings: [] })
  expect(outcomes(await ask(analysers, defects))).toEqual(allOk)
  const now = below(process.pid)
  expect(first.map(pid => now.includes(pid))).toEqual([kept])
})

it('kills a child over its memory cap and says analyser-failed', async () => {
  const reports = await ask(start({ limits: { residentMb: 40 } }), defects)
  expect(Object.values(outcomes(reports))).toContain('analyser-failed')
  for (const report of reports.filter(({ outcome }) => outcome === 'failed'))
    expect(report).toMatchObject({ paths: [], findings: [] })
})

it('gives no more than 100 findings of one rule on one file', async () => {
  const reports = await ask(shared, [file('many.py', 'try:\n  a = 1\nexcept:\n  a = 2\n'.repeat(500))])
  expect(sources(reports)).toHaveLength(100)
})

const long = `${'d/'.repeat(2000)}a.js`
it.each<[string, string]>([
  ['..', '../../../../../../tmp/cupel-escaped.js'],
  ['an absolute path', '/tmp/cupel-escaped.js'],
  ['NUL', 'a\0b.js'],
  ['a line feed', 'a\nb.js'],
  ['4,000 characters', long],
  ['right-to-left', 'a\u202esj.b.js'],
  ['an option', '--config=x.js'],
  ['a shell', '$(touch x);`touch y`.js'],
  ['a Windows path', 'C:\\x\\..\\a.js'],
])('takes a path with %s for a name and nothing else', async (_, path) => {
  const reports = await ask(shared, [file(path, 'eval(x)'), file(path.replace(/js$/, 'py'), 'eval(input())')])
  expect(outcomes(reports)).toEqual(allOk)
  expect(sources(reports)).toEqual(
    [`${path} oxlint/no-eval`, `${path.replace(/js$/, 'py')} ruff/S307`].toSorted(),
  )
  expect(existsSync('/tmp/cupel-escaped.js')).toBe(false)
})

it.each<[string, AnalysedFile]>([
  ['holds a NUL', file('a.js', 'eval(x)\0')],
  ['is larger than 1,000,000 characters', file('a.js', `eval(x)\n${'//\n'.repeat(400_000)}`)],
  ['has no changed line', { path: 'a.js', contents: 'eval(x)', changedLines: [] }],
])('does not claim to have looked at a file that %s', async (_, given) => {
  const reports = await ask(shared, [given])
  expect(reports.flatMap(report => report.paths)).toEqual([])
  expect(sources(reports)).toEqual([])
})

/** Processes below `pid`, by /proc. */
function below(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2])] as const]
      } catch {
        return []
      }
    })
  const children = parents.filter(([, parent]) => parent === pid).map(([child]) => child)
  return [...children, ...children.flatMap(below)]
}

it('has nothing of the environment in any process it starts, and leaves no folder behind', async () => {
  const before = new Set(below(process.pid))
  process.env.CUPEL_CANARY = 'sing'
  try {
    const analysers = start()
    const seen = new Map<number, string>()
    const folders = new Set<string>()
    let done = false
    const answer = ask(analysers, [file('slow.js', 'if (a) g(a);\n'.repeat(20_000)), ...defects]).finally(
      () => (done = true),
    )
    while (!done) {
      for (const pid of below(process.pid).filter(each => !before.has(each))) {
        try {
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          // Between fork and exec a process still is its parent.
          if (!/analysers\/child\.ts|oxlint/.test(command)) continue
          seen.set(pid, readFileSync(`/proc/${pid}/environ`, 'utf8'))
          folders.add(readlinkSync(`/proc/${pid}/cwd`))
        } catch {
          // It ended while it was looked at.
        }
      }
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(outcomes(await answer)).toEqual(allOk)
    expect(seen.size).toBeGreaterThanOrEqual(2)
    for (const environment of seen.values()) {
      expect(environment).not.toContain('CUPEL_CANARY')
      expect(environment).not.toMatch(/(^|\0)(PATH|HOME)=/)
    }
    await analysers.close()
    expect([...folders].filter(existsSync)).toEqual([])
    expect([...seen.keys()].filter(pid => below(process.pid).includes(pid))).toEqual([])
  } finally {
    delete process.env.CUPEL_CANARY
  }
})
