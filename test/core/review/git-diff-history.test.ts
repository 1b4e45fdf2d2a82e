import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { parseGitDiff } from '../../../src/core/review/git-diff.ts'

// Used here: generated histories (written by `git fast-import`), this project's own history when it is a clone,
// and whatever clones lie directly in the home folder (a machine may have none). Npm packages carry no history.

const folders: string[] = []
afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true, force: true })))

const marker = 'commit-of-this-test'
const shown = ['--no-color', '--no-ext-diff', '--no-textconv', '-M', '-C', '--diff-merges=first-parent']

function log(repo: string, commits: number, ...options: string[]): Buffer {
  const format = `--format=format:${marker} %H`
  const { stdout, status, stderr } = spawnSync(
    'git',
    ['-C', repo, '-c', 'diff.renameLimit=2000', 'log', `-${commits}`, '--root', format, ...shown, ...options],
    {
      maxBuffer: 1e9,
      env: { PATH: process.env.PATH, HOME: homedir(), GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' },
    },
  )
  expect(status, String(stderr)).toBe(0)
  return stdout
}

/** Per commit: `path +additions -deletions`, sorted, as git counts; binary files as `path binary`. */
function numstat(repo: string, commits: number): Map<string, string[]> {
  const result = new Map<string, string[]>()
  const fields = log(repo, commits, '--numstat', '-z').toString().split('\0')
  let counts: string[] = []
  for (let at = 0; at < fields.length; at++) {
    let field = fields[at]!
    const commit = new RegExp(`^${marker} ([0-9a-f]+)\n?`).exec(field)
    if (commit) {
      counts = []
      result.set(commit[1]!, counts)
      field = field.slice(commit[0].length)
    }
    const [added, deleted, path] = field.split('\t')
    if (deleted === undefined) continue
    const name = path === '' ? fields[(at += 2)] : field.split('\t').slice(2).join('\t')
    counts.push(added === '-' ? `${name} binary` : `${name} +${added} -${deleted}`)
  }
  for (const list of result.values()) list.sort()
  return result
}

function withTypeChange(repo: string, commits: number): string[] {
  const text = log(repo, commits, '--diff-filter=T', '--name-only').toString()
  return [...text.matchAll(new RegExp(`^${marker} ([0-9a-f]+)$`, 'gm'))].map(match => match[1]!)
}

function parsed(repo: string, commits: number, ...options: string[]): Map<string, string[]> {
  const text = log(repo, commits, '-p', ...options).toString()
  const sections = text.split(new RegExp(`^${marker} (?=[0-9a-f]{40,64}$)`, 'm')).slice(1)
  return new Map(
    sections.map(section => {
      const files = parseGitDiff(section.slice(section.indexOf('\n') + 1))
      for (const file of files) expect(file.damaged, `${section.slice(0, 40)} ${file.path}`).toBeUndefined()
      const counts = files.map(file =>
        file.omitted === 'binary'
          ? `${file.path} binary`
          : `${file.path} +${file.additions} -${file.deletions}`,
      )
      return [section.slice(0, section.search(/\n|$/)), counts.toSorted()]
    }),
  )
}

const name = fc
  .oneof(
    fc.constantFrom(
      'a',
      'b',
      'a/b',
      'b/a',
      'x y',
      ' lead',
      'trail ',
      'a b/a b',
      'q"uote',
      'tab\tname',
      'ä/ö.txt',
      'b\\s',
    ),
    fc.stringMatching(/^[a-b ]{1,4}(\/[a-b "]{1,3})?$/),
  )
  .map(path => path.replaceAll(/\/+$/g, ''))
const contents = fc.oneof(
  fc
    .array(fc.constantFrom('a', 'b', '', '--- a/x', '@@ -1 +1 @@', 'c\r', '\u2028'), { maxLength: 12 })
    .map(lines => lines.join('\n')),
  fc.array(fc.nat(9), { minLength: 8, maxLength: 30 }).map(lines => lines.map(n => `line ${n}\n`).join('')),
  fc.constantFrom('', 'latin\u00e9', '\n'),
)
const text = fc.record({
  path: name,
  mode: fc.constantFrom('100644', '100644', '100755', 'delete'),
  text: contents,
})
// On paths of their own: for a change of type, --numstat compares contents that -p shows as removed and added.
// And no two of them ever equal: of an exact rename, -p shows no more than the names.
const binary = fc
  .record({
    path: fc.constantFrom('bin', 'bin 2'),
    mode: fc.constantFrom('100644', 'delete'),
    text: fc.constantFrom('\0binary', '\0other', 'now text\n'),
  })
  .map(one => ({ ...one, text: `${one.text}${one.path}` }))
const link = fc.record({
  path: fc.constantFrom('link', 'li nk'),
  mode: fc.constantFrom('120000', '120000', 'delete'),
  text: fc.constantFrom('a', 'b/a', '../x'),
})
const submodule = fc.record({
  path: fc.constantFrom('sub', 's/u b'),
  mode: fc.constantFrom('160000', '160000', 'delete'),
  text: fc.constant(''),
})
const entry = fc.oneof({ weight: 8, arbitrary: text }, binary, link, submodule)

function importHistory(commits: { path: string; mode: string; text: string }[][]): string {
  const repo = mkdtempSync(join(tmpdir(), 'cupel-history-'))
  folders.push(repo)
  execFileSync('git', ['init', '-q', '--bare', repo])
  const stream: string[] = []
  commits.forEach((entries, index) => {
    stream.push(
      `commit refs/heads/main\nmark :${index + 1}\ncommitter T <t@example.com> ${index + 1} +0000\ndata 1\nm\n`,
    )
    if (index > 0) stream.push(`from :${index}\n`)
    for (const { path, mode, text } of entries) {
      const quoted = `"${path.replaceAll(/["\\]/g, '\\$&').replaceAll('\t', '\\t')}"`
      if (mode === 'delete') stream.push(`D ${quoted}\n`)
      else if (mode === '160000')
        stream.push(
          `M 160000 ${String(index % 10)
            .repeat(40)
            .replaceAll('0', 'f')} ${quoted}\n`,
        )
      else stream.push(`M ${mode} inline ${quoted}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
    }
    stream.push('\n')
  })
  execFileSync('git', ['-C', repo, 'fast-import', '--quiet', '--force'], { input: stream.join('') })
  execFileSync('git', ['-C', repo, 'symbolic-ref', 'HEAD', 'refs/heads/main'])
  return repo
}

describe('a generated history', () => {
  const commit = fc.uniqueArray(entry, { selector: one => one.path, minLength: 1, maxLength: 6 })

  it('has the paths and counts that git counts itself, with every kind of prefix', () => {
    fc.assert(
      fc.property(fc.array(commit, { minLength: 30, maxLength: 30 }), commits => {
        const repo = importHistory(commits)
        const expected = numstat(repo, 1000)
        expect(expected.size).toBe(30)
        for (const options of [
          [],
          ['--no-prefix'],
          ['-c', '--src-prefix=i/', '--dst-prefix=w/'],
          ['--binary', '-U0'],
        ]) {
          expect(parsed(repo, 1000, ...options)).toEqual(expected)
        }
      }),
      { numRuns: 3, endOnFailure: true },
    )
  })
})

const own = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
const home = existsSync(homedir()) ? readdirSync(homedir()).map(folder => join(homedir(), folder)) : []
const real = [own, ...home].filter(folder => existsSync(join(folder, '.git', 'HEAD')))

describe.skipIf(real.length === 0)('a real history found on this machine', () => {
  it.each(real.slice(0, 4))('%s: the newest 300 commits have the paths and counts that git counts', repo => {
    const expected = numstat(repo, 300)
    expect(expected.size).toBeGreaterThan(0)
    const found = parsed(repo, 300)
    for (const commit of withTypeChange(repo, 300)) {
      expected.delete(commit)
      found.delete(commit)
    }
    expect(found).toEqual(expected)
  })
})
