import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { afterAll, expect, it } from 'vitest'
import { startAnalysers } from '../../src/adapters/analysers/host.ts'
import { readLocalChange } from '../../src/adapters/git/local-change.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { reviewCommand } from '../../src/cli/review.ts'
import { genesisConfiguration } from '../../src/core/genesis.ts'
import { examine } from '../../src/engine/examine.ts'
import { makeRepository, type TestRepository } from '../adapters/git/repository.ts'
import { sarifSchema } from '../core/report/sarif-schema.ts'
import { brokenPromises } from './check-report.ts'

const analysers = startAnalysers()
afterAll(() => analysers.close())
const validSarif = new Ajv({ allErrors: true }).compile(sarifSchema)

/** The command with the real engine and analysers. */
async function review(...args: string[]): Promise<{ code: number | undefined; stdout: string }> {
  const stdout = new PassThrough()
  const chunks: string[] = []
  stdout.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  let code: number | undefined
  const limits = { ...genesisConfiguration.limits, deadlineMs: 100_000, abortMs: 100_000 }
  const command = reviewCommand({
    examine,
    wire: async () => ({
      clock: systemClock,
      analysers: { ...analysers, close: async () => {} },
      models: { has: () => false, ask: () => Promise.reject(new Error('no model')) },
      configuration: { ...genesisConfiguration, limits },
    }),
    env: process.env,
    version: '0.1.0',
    stdin: Readable.from(['']),
    stdout,
    stderr: new PassThrough(),
    exit: exitCode => (code = exitCode),
  })
  await command.parseAsync(args, { from: 'user' })
  await new Promise(resolve => setImmediate(resolve))
  return { code, stdout: chunks.join('') }
}

const sources = {
  'src/a.js': 'export function f(x) {\n  return x\n}\n',
  'src/b.py': 'def f(x):\n    return x\n',
  'src/c.c': 'void f(char *b) {\n  g(b);\n}\n',
  'src/d.go': 'package d\n\nfunc f() {\n}\n',
}
const worse = {
  'src/a.js': 'export function f(x) {\n  if (x === NaN) return eval(x)\n  return x\n}\n',
  'src/b.py': 'def f(x):\n    return eval(x)\n',
  'src/c.c': 'void f(char *b) {\n  gets(b);\n}\n',
  'src/d.go': 'package d\n\nfunc f() {\n  json.Unmarshal(b, &v)\n}\n',
}

/** Each makes one commit; together they hold what a history may hold. */
const commits: [name: string, findings: number, make: (repo: TestRepository) => string][] = [
  ['a first commit', 0, repo => repo.commit(sources)],
  ['defects in four languages', 5, repo => repo.commit(worse)],
  ['an empty commit', 0, repo => repo.commit()],
  ['CRLF', 2, repo => repo.commit({ 'src/a.js': worse['src/a.js'].replaceAll('\n', '\r\n') })],
  ['no newline at the end', 1, repo => repo.commit({ 'src/b.py': 'def f(x):\n    return eval(x, {})' })],
  [
    'a rename with an edit',
    1,
    repo => {
      renameSync(join(repo.path, 'src/c.c'), join(repo.path, 'src/moved c.c'))
      return repo.commit({ 'src/moved c.c': 'void f(char *b) {\n  gets(b); /* ! */\n}\n' })
    },
  ],
  [
    'modes, a link, a deletion and a change of type',
    0,
    repo => {
      chmodSync(join(repo.path, 'src/a.js'), 0o755)
      symlinkSync('/etc/passwd', join(repo.path, 'link.js'))
      unlinkSync(join(repo.path, 'src/b.py'))
      symlinkSync('a.js', join(repo.path, 'src/b.py'))
      return repo.commit()
    },
  ],
  [
    'contents that are binary, not UTF-8, huge or in one line',
    1,
    repo =>
      repo.commit({
        'odd/binary.js': Uint8Array.of(0x65, 0, 0x76),
        'odd/latin.py': Uint8Array.of(0x23, 0xe9, 0x0a),
        'odd/huge.js': 'eval(x)\n'.repeat(150_000),
        'odd/bom.js': '\ufeffeval(x)\n',
        'odd/minified.js': `${'a=1;'.repeat(9000)}eval(x)\n`,
        'odd/empty.js': '',
      }),
  ],
  [
    'names with everything a name may hold',
    4,
    repo => {
      for (const name of ['q"uote.js', 'back\\slash.js', '\u202egnp.js', 'ta\tb.js'])
        repo.write(name, 'eval(x)\n')
      mkdirSync(join(repo.path, 'bytes'))
      writeFileSync(
        Buffer.concat([
          Buffer.from(join(repo.path, 'bytes/')),
          Buffer.from([0xff, 0xfe]),
          Buffer.from('.js'),
        ]),
        'eval(x)\n',
      )
      repo.write('line\nfeed.js', 'eval(x)\n')
      return repo.commit()
    },
  ],
  [
    'a submodule',
    0,
    repo => {
      const inner = makeRepository()
      inner.commit({ 'x.js': 'eval(x)\n' })
      repo.git('submodule', '--quiet', 'add', inner.path, 'inner')
      return repo.commit()
    },
  ],
  [
    'a merge',
    1,
    repo => {
      repo.git('checkout', '-q', '-b', 'side')
      repo.commit({ 'side.js': 'eval(x)\n' })
      repo.git('checkout', '-q', 'main')
      repo.commit({ 'main.txt': 'x\n' })
      repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'side')
      return repo.git('rev-parse', 'HEAD')
    },
  ],
  [
    'an octopus',
    2,
    repo => {
      for (const name of ['one', 'two']) {
        repo.git('checkout', '-q', '-b', name, 'main')
        repo.commit({ [`${name}.js`]: 'eval(x)\n' })
      }
      repo.git('checkout', '-q', 'main')
      repo.commit({ 'main.txt': 'y\n' })
      repo.git('merge', '-q', '-m', 'octopus', 'one', 'two')
      return repo.git('rev-parse', 'HEAD')
    },
  ],
]

it('keeps its promises on a history that holds everything a history may hold', async () => {
  const repo = makeRepository()
  for (const [name, findings, make] of commits) {
    const range = make(repo)
    const { snapshot } = await readLocalChange({ repo: repo.path, env: repo.env, range })
    const args = ['--repo', repo.path, '--range', range]
    const json = await review(...args, '--format', 'json')
    expect(brokenPromises(json.stdout, snapshot.files), name).toEqual([])
    expect(json.code, name).toBe(0)
    expect(JSON.parse(json.stdout).findings, name).toHaveLength(findings)
    const sarif = await review(...args, '--format', 'sarif')
    validSarif(JSON.parse(sarif.stdout))
    expect(validSarif.errors, name).toBeNull()
    for (const format of ['text', 'markdown']) {
      const { code, stdout } = await review(...args, '--format', format)
      expect(code, name).toBe(0)
      expect(stdout, name).not.toMatch(/[\0-\x08\x0b-\x1f\x7f\u202e]/)
    }
  }
}, 300_000)

const cupel = fileURLToPath(new URL('../../bin/cupel.js', import.meta.url))

it('prints one JSON object from another folder, deaf to configuration, plug-ins and .env of the repository', () => {
  const repo = makeRepository()
  const trap = join(repo.outside, 'sprung')
  const code = `require('node:fs').writeFileSync(${JSON.stringify(trap)}, '')\n`
  const silence = JSON.stringify({
    rules: { 'no-eval': 'off' },
    ignorePatterns: ['**'],
    jsPlugins: ['./t.cjs'],
  })
  repo.commit({
    '.oxlintrc.json': silence,
    'src/.oxlintrc.json': silence,
    'ruff.toml': 'exclude = ["*"]\n',
    'pyproject.toml': '[tool.ruff]\nexclude = ["*"]\n',
    '.secretlintignore': '*\n',
    'sgconfig.yml': 'ruleDirs: [rules]\n',
    'package.json': '{"type":"commonjs","oxlint":{"rules":{"no-eval":"off"}}}\n',
    't.cjs': code,
    '.env': `NODE_OPTIONS=--require=./t.cjs\nOPENAI_API_KEY=k\nOPENAI_BASE_URL=http://127.0.0.1:1\n`,
    'src/a.js': '',
    'src/b.py': '',
  })
  const head = repo.commit({ 'src/a.js': 'eval(x)\n', 'src/b.py': 'eval(input())\n' })
  const run = spawnSync(process.execPath, [cupel, 'review', '--range', head, '--format', 'json'], {
    cwd: repo.path,
    env: { PATH: process.env.PATH, HOME: repo.outside },
    encoding: 'utf8',
  })
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const { findings, receipt } = JSON.parse(run.stdout)
  expect(findings.map((finding: { source: string }) => finding.source).toSorted()).toEqual([
    'oxlint/no-eval',
    'ruff/S307',
  ])
  // No model was asked, so the key and address of .env went nowhere.
  expect(receipt.steps.map((step: { kind: string }) => step.kind)).not.toContain('model')
  expect(() => execFileSync('ls', [trap], { stdio: 'pipe' })).toThrow()
})

it('is not disturbed by a reader that has enough', () => {
  const repo = makeRepository()
  repo.commit({ 'a.txt': 'x\n'.repeat(5) })
  const many = Object.fromEntries(
    Array.from({ length: 900 }, (_, index) => [`${'d'.repeat(150)}${index}.txt`, 'y\n']),
  )
  const head = repo.commit(many)
  const pipe = `"$1" "$2" review --range "$3" --format json | head -n 1; echo "\${PIPESTATUS[0]}"`
  const run = spawnSync('bash', ['-c', pipe, 'bash', process.execPath, cupel, head], {
    cwd: repo.path,
    env: { PATH: process.env.PATH, HOME: repo.outside },
    encoding: 'utf8',
  })
  expect(run).toMatchObject({ stdout: '{\n0\n', stderr: '' })
})
