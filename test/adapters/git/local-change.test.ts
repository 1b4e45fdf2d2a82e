import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { type LocalRequest, readLocalChange } from '../../../src/adapters/git/local-change.ts'
import { makeRepository, type TestRepository } from './repository.ts'

const read = (repo: TestRepository, request: Partial<LocalRequest> = {}) =>
  readLocalChange({ repo: repo.path, env: repo.env, ...request })

const paths = (change: Awaited<ReturnType<typeof read>>) => change.snapshot.files.map(file => file.path)

/** main and side both moved on after their common first commit. */
function forked() {
  const repo = makeRepository()
  const first = repo.commit({ 'a.txt': 'one\n' })
  const main = repo.commit({ 'main.txt': 'main\n' })
  repo.git('checkout', '-q', '-b', 'side', first)
  const side = repo.commit({ 'side.txt': 'side\n' }, 'Subject of side\n\nBody of side.')
  return { repo, first, main, side }
}

it('compares both ends of A..B, and only what B added since the merge base of A...B', async () => {
  const { repo, first, main, side } = forked()
  const direct = await read(repo, { range: 'main..side' })
  expect(paths(direct)).toEqual(['main.txt', 'side.txt'])
  expect(direct.snapshot.pullRequest).toMatchObject({ baseSha: main, headSha: side })
  const symmetric = await read(repo, { range: 'main...side' })
  expect(paths(symmetric)).toEqual(['side.txt'])
  expect(symmetric.snapshot.pullRequest).toEqual({
    number: 0,
    title: 'Subject of side',
    body: 'Body of side.',
    author: 'T',
    baseSha: first,
    headSha: side,
  })
  expect([...symmetric.snapshot.contents]).toEqual([['side.txt', 'side\n']])
})

it('takes an empty end for HEAD and a tree for a base', async () => {
  const { repo } = forked()
  expect(paths(await read(repo, { range: 'main...' }))).toEqual(['side.txt'])
  expect(paths(await read(repo, { range: 'main^{tree}..side' }))).toEqual(['main.txt', 'side.txt'])
})

it('refuses A...B without a common ancestor, with the cure', async () => {
  const { repo } = forked()
  repo.git('checkout', '-q', '--orphan', 'other')
  repo.commit({}, 'unrelated')
  await expect(read(repo, { range: 'main...other' })).rejects.toMatchObject({
    code: 'input-malformed',
    message: expect.stringContaining('use A..B'),
  })
})

it('reviews one commit against its parent, a merge against its first parent', async () => {
  const { repo, side } = forked()
  expect(paths(await read(repo, { range: side }))).toEqual(['side.txt'])
  repo.git('checkout', '-q', 'main')
  repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'side')
  const merge = await read(repo, { range: 'HEAD' })
  expect(paths(merge)).toEqual(['side.txt'])
  expect(merge.snapshot.pullRequest.title).toBe('merge')
})

it('reviews what is staged and not what is edited after staging', async () => {
  const repo = makeRepository()
  const base = repo.commit({ 'a.txt': 'one\n', 'b.txt': 'b\n' })
  repo.write('a.txt', 'staged\n')
  repo.git('add', 'a.txt')
  repo.write('a.txt', 'edited later\n')
  repo.write('b.txt', 'never staged\n')
  const { snapshot } = await read(repo, { staged: true })
  expect(snapshot.files.map(file => file.path)).toEqual(['a.txt'])
  expect([...snapshot.contents]).toEqual([['a.txt', 'staged\n']])
  expect(snapshot.pullRequest).toMatchObject({ baseSha: base, headSha: 'index' })
})

it('reviews what is staged before the first commit', async () => {
  const repo = makeRepository()
  repo.write('a.txt', 'one\n')
  repo.git('add', '-A')
  const { snapshot } = await read(repo, { staged: true })
  expect(snapshot.files).toMatchObject([{ path: 'a.txt', status: 'added', additions: 1 }])
})

it('reads a range of a bare repository, and asks for one where there is none', async () => {
  const { repo, side } = forked()
  const bare = join(repo.outside, 'bare.git')
  repo.git('clone', '-q', '--bare', repo.path, bare)
  const { snapshot } = await read(repo, { repo: bare, range: side })
  expect([...snapshot.contents]).toEqual([['side.txt', 'side\n']])
  await expect(read(repo, { repo: bare })).rejects.toThrow('--range')
  await expect(read(repo, { repo: bare, staged: true })).rejects.toThrow('--range')
})

it.each<[string, Partial<LocalRequest>]>([
  ['git is not on PATH', { env: { PATH: '/nowhere' } }],
  ['the folder does not exist', { repo: '/does/not/exist' }],
])('says in one message that %s', async (_, request) => {
  const repo = makeRepository()
  await expect(read(repo, request)).rejects.toMatchObject({
    code: 'input-malformed',
    message: expect.stringContaining('git is installed and on PATH'),
  })
})

it.each(['HEAD', 'HEAD~1..HEAD', 'HEAD~1...HEAD'])(
  'refuses %s where a shallow clone lacks its other end, with the cure',
  async range => {
    const { repo } = forked()
    const shallow = join(repo.outside, 'shallow')
    repo.git('clone', '-q', '--depth', '1', '--branch', 'side', `file://${repo.path}`, shallow)
    await expect(read(repo, { repo: shallow, range })).rejects.toMatchObject({
      code: 'input-malformed',
      message: expect.stringContaining('git fetch --unshallow'),
    })
  },
)

it('says that a folder is in no repository, with the cure', async () => {
  const repo = makeRepository()
  await expect(read(repo, { repo: repo.outside })).rejects.toThrow('name one with --repo')
})

it('keeps CR in the lines of a CRLF file', async () => {
  const repo = makeRepository()
  repo.commit({ 'a.txt': 'one\r\ntwo\r\n' })
  repo.write('a.txt', 'one\r\nTWO\r\n')
  const { snapshot } = await read(repo)
  expect(snapshot.files[0]?.hunks[0]?.lines.at(-1)?.text).toBe('TWO\r')
  expect(snapshot.contents.get('a.txt')).toBe('one\r\nTWO\r\n')
})

it('sees the one changed line of a CRLF checkout of an LF repository, and its patch', async () => {
  const repo = makeRepository()
  repo.commit({ '.gitattributes': '*.txt text eol=crlf\n', 'a.txt': 'one\ntwo\n' })
  repo.write('a.txt', 'one\r\nTWO\r\n')
  const { snapshot } = await read(repo)
  expect(snapshot.files).toMatchObject([{ path: 'a.txt', additions: 1, deletions: 1 }])
  const patch = await read(repo, { patchFile: '-', stdin: Readable.from([repo.git('diff') + '\n']) })
  expect(patch.snapshot.contents.get('a.txt')).toBe('one\r\nTWO\r\n')
})

it.each([
  ['is not UTF-8', Uint8Array.of(0x61, 0xff, 0xfe, 0x0a)],
  ['is binary', Uint8Array.of(0x61, 0x00, 0x62, 0x0a)],
  ['is larger than 1 MB', 'x'.repeat(99).concat('\n').repeat(10_001)],
])('lists a file whose content %s and leaves the content out', async (_, contents) => {
  const repo = makeRepository()
  repo.commit({ 'ok.txt': 'one\n' })
  const head = repo.commit({ 'odd.txt': contents, 'ok.txt': 'two\n' })
  for (const request of [
    { range: head },
    { patchFile: '-', stdin: Readable.from([repo.git('show') + '\n']) },
  ]) {
    const { snapshot } = await read(repo, request)
    expect(snapshot.files.map(file => file.path)).toEqual(['odd.txt', 'ok.txt'])
    expect([...snapshot.contents.keys()]).toEqual(['ok.txt'])
  }
})

it('follows a rename', async () => {
  const repo = makeRepository()
  repo.commit({ 'old name.txt': 'a\nb\nc\nd\ne\nf\n' })
  renameSync(join(repo.path, 'old name.txt'), join(repo.path, 'new.txt'))
  const head = repo.commit({ 'new.txt': 'a\nb\nc\nd\ne\nF\n' })
  const { snapshot } = await read(repo, { range: head })
  expect(snapshot.files).toMatchObject([
    { path: 'new.txt', previousPath: 'old name.txt', status: 'renamed', additions: 1, deletions: 1 },
  ])
  expect(snapshot.contents.has('new.txt')).toBe(true)
})

it('names a submodule and a symlink and reads neither', async () => {
  const { repo: inner, first } = forked()
  const repo = makeRepository()
  repo.commit({ 'a.txt': 'one\n' })
  repo.git('submodule', '--quiet', 'add', inner.path, 'lib')
  symlinkSync('/etc/passwd', join(repo.path, 'link'))
  const head = repo.commit()
  const { snapshot } = await read(repo, { range: head })
  const kinds = Object.fromEntries(snapshot.files.map(file => [file.path, file.omitted]))
  expect(kinds).toEqual({ '.gitmodules': 'none', lib: 'submodule', link: 'symlink' })
  expect([...snapshot.contents.keys()]).toEqual(['.gitmodules'])
  execFileSync('git', ['-C', join(repo.path, 'lib'), 'checkout', '-q', first])
  const moved = await read(repo)
  expect(moved.snapshot.files).toMatchObject([{ path: 'lib', omitted: 'submodule' }])
  expect(moved.snapshot.contents.size).toBe(0)
})

it('reads hostile file names as names', async () => {
  const repo = makeRepository()
  const names = [
    '--output=x',
    ':(glob)*',
    'a b.txt',
    'back\\slash',
    'deep/$(touch x)',
    'new\nline',
    'quo"te',
    'tab\there',
    '\u001b[31mred',
    '\u202eesrever',
    'ünï.txt',
  ]
  const head = repo.commit(Object.fromEntries(names.map(name => [name, `in ${JSON.stringify(name)}\n`])))
  const { snapshot } = await read(repo, { range: head })
  expect(snapshot.files.map(file => file.path).toSorted()).toEqual(names.toSorted())
  // git cat-file takes one name a line, so the content of such a name stays away; no other file's is put there.
  const expected = names
    .filter(name => name !== 'new\nline')
    .map(name => [name, `in ${JSON.stringify(name)}\n`])
  expect(Object.fromEntries(snapshot.contents)).toEqual(Object.fromEntries(expected))
  expect(existsSync(join(repo.path, 'x'))).toBe(false)
})

const added = (path: string): string =>
  `diff --git "a/${path}" "b/${path}"\nnew file mode 100644\n--- /dev/null\n+++ "b/${path}"\n@@ -0,0 +1 @@\n+secret\n`

it.each<[string, (repo: TestRepository) => string]>([
  ['by ..', () => '../secret.txt'],
  ['by .. further down', () => 'dir/../../secret.txt'],
  ['by an absolute path', repo => join(repo.outside, 'secret.txt')],
  [
    'through a linked folder',
    repo => {
      symlinkSync(repo.outside, join(repo.path, 'door'))
      return 'door/secret.txt'
    },
  ],
  [
    'through a link',
    repo => {
      symlinkSync('../secret.txt', join(repo.path, 'link.txt'))
      return 'link.txt'
    },
  ],
  [
    'into .git',
    repo => {
      repo.write('.git/secret.txt', 'secret\n')
      return '.GIT/../.git/secret.txt'
    },
  ],
  [
    'into .git, spelled plainly',
    repo => {
      repo.write('.git/secret.txt', 'secret\n')
      return '.git/secret.txt'
    },
  ],
  [
    'into a named pipe',
    repo => {
      execFileSync('mkfifo', [join(repo.path, 'pipe')])
      return 'pipe'
    },
  ],
])('never reads what a patch names outside the files of the repository: %s', async (_, place) => {
  const repo = makeRepository()
  repo.commit({ 'in.txt': 'secret\n' })
  // It holds what the patch says, so only the refusal to read it keeps it out.
  repo.write('../secret.txt', 'secret\n')
  const path = place(repo)
  const stdin = Readable.from([added(path) + added('in.txt')])
  const { snapshot } = await read(repo, { patchFile: '-', stdin })
  expect(snapshot.files.map(file => file.path)).toEqual([path, 'in.txt'])
  expect([...snapshot.contents]).toEqual([['in.txt', 'secret\n']])
})

it('leaves out contents that a patch does not describe, and what cannot be read', async () => {
  const repo = makeRepository()
  repo.commit({ 'other.txt': 'other\n', 'in.txt': 'secret\n', 'closed.txt': 'secret\n' })
  // Someone who may read all (root) meets a folder in its place instead.
  chmodSync(join(repo.path, 'closed.txt'), 0)
  if (process.getuid?.() === 0) {
    unlinkSync(join(repo.path, 'closed.txt'))
    repo.write('closed.txt/inner', 'secret\n')
  }
  const stdin = Readable.from([['other.txt', 'in.txt', 'closed.txt', 'gone.txt'].map(added).join('')])
  const { snapshot } = await read(repo, { patchFile: '-', stdin })
  expect([...snapshot.contents.keys()]).toEqual(['in.txt'])
})

it('reads a patch where there is no repository at all', async () => {
  const repo = makeRepository()
  repo.write('../in.txt', 'secret\n')
  const { snapshot, repositoryConfiguration } = await read(repo, {
    repo: repo.outside,
    patchFile: '-',
    stdin: Readable.from([added('in.txt')]),
  })
  expect([...snapshot.contents]).toEqual([['in.txt', 'secret\n']])
  expect(repositoryConfiguration).toBeNull()
})

const rules = (word: string) => ({
  '.github/cupel.yml': `# ${word}\n`,
  'AGENTS.md': `${word} agents\n`,
  '.github/copilot-instructions.md': `${word} copilot\n`,
})

it.each<[string, (repo: TestRepository, head: () => string) => Partial<LocalRequest>]>([
  ['a range', (_, head) => ({ range: head() })],
  [
    'the index',
    repo => {
      repo.git('add', '-A')
      return { staged: true }
    },
  ],
  ['the working tree', () => ({})],
  ['a patch', repo => ({ patchFile: '-', stdin: Readable.from([repo.git('diff') + '\n']) })],
])('takes configuration and instructions from the base side of %s', async (_, request) => {
  const repo = makeRepository()
  repo.commit(rules('base'))
  for (const [path, text] of Object.entries(rules('hostile'))) repo.write(path, text)
  const change = await read(
    repo,
    request(repo, () => repo.commit()),
  )
  expect(paths(change)).toContain('AGENTS.md')
  expect(change.repositoryConfiguration).toEqual({ path: '.github/cupel.yml', text: '# base\n' })
  expect(change.snapshot.instructions).toEqual([
    { path: 'AGENTS.md', text: 'base agents\n' },
    { path: '.github/copilot-instructions.md', text: 'base copilot\n' },
  ])
})

it('takes neither from a head that is the first to have them', async () => {
  const repo = makeRepository()
  repo.commit({ 'a.txt': 'one\n' })
  const change = await read(repo, { range: repo.commit(rules('hostile')) })
  expect(change.repositoryConfiguration).toBeNull()
  expect(change.snapshot.instructions).toEqual([])
})

it('starts no program that the configuration of the repository names', async () => {
  const repo = makeRepository()
  repo.commit({ 'a.txt': 'one\n', '.gitattributes': '*.txt diff=evil filter=evil\n' })
  const trap = `touch ${join(repo.outside, 'sprung')}`
  for (const name of [
    'diff.external',
    'diff.evil.command',
    'diff.evil.textconv',
    'core.fsmonitor',
    'core.pager',
  ])
    repo.git('config', name, trap)
  repo.git('config', 'color.ui', 'always')
  repo.write('a.txt', 'two\n')
  const { snapshot } = await read(repo)
  expect(snapshot.files).toMatchObject([{ path: 'a.txt', additions: 1, deletions: 1 }])
  expect(existsSync(join(repo.outside, 'sprung'))).toBe(false)
})
