import { spawn } from 'node:child_process'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface GitObject {
  sha: string
  type: string
  bytes: Buffer
}

// A clone's own settings (the user's rename or diff configuration, hooks) must not change what the tests see.
const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
}

export interface GitOptions {
  input?: string | Buffer
  env?: Record<string, string>
}

/** Standard output of one git command in a bare repository. Throws with standard error's text when git fails. */
export const git = (dir: string, args: readonly string[], options: GitOptions = {}): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', ['--git-dir', dir, '-c', 'core.quotePath=false', ...args], {
      env: { ...ENVIRONMENT, ...options.env },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', code =>
      code === 0
        ? resolve(Buffer.concat(out))
        : reject(new Error(`git ${args[0]} ended with ${code}: ${Buffer.concat(err).toString().trim()}`)),
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input)
  })

export const gitText = async (dir: string, args: readonly string[], options?: GitOptions): Promise<string> =>
  (await git(dir, args, options)).toString().trim()

// Review bots ask for commits by their sha, which GitHub allows.
const CONFIGURATION = `[core]
\trepositoryformatversion = 0
\tbare = true
[http]
\treceivepack = true
[uploadpack]
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
`

/** What `git init --bare` would make, without a process. */
export const createBare = async (dir: string): Promise<void> => {
  await mkdir(join(dir, 'objects'), { recursive: true })
  await mkdir(join(dir, 'refs'))
  await writeFile(join(dir, 'HEAD'), 'ref: refs/heads/main\n')
  await writeFile(join(dir, 'config'), CONFIGURATION)
}

/** The commit a name stands for; null when there is none. */
export const resolveCommit = async (dir: string, name: string): Promise<string | null> => {
  const branch = /^refs\/heads\/[\w./-]+$/.test(name) && !name.includes('..')
  const loose = branch ? await readFile(join(dir, name), 'utf8').catch(() => '') : ''
  if (/^[0-9a-f]{40}\n$/.test(loose)) return loose.trim()
  return gitText(dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]).catch(
    () => null,
  )
}

/** What `git update-ref` would do for a commit that is there, without a process where the name is a plain one. */
export const setRef = async (dir: string, ref: string, sha: string): Promise<void> => {
  const plain = /^refs(?:\/[A-Za-z0-9][\w-]*)+$/.test(ref) && /^[0-9a-f]{40}$/.test(sha)
  if (!plain) return void (await git(dir, ['update-ref', ref, sha]))
  const file = join(dir, ref)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.${sha}.lock`, `${sha}\n`)
  await rename(`${file}.${sha}.lock`, file)
}

/** Of commits that were written here: most histories are known without asking git. */
const parents = new Map<string, string | null>()

/** `git merge-base`, without a process where the one is behind the other in what was written here. */
export const mergeBase = async (dir: string, base: string, head: string): Promise<string> => {
  for (let at: string | null | undefined = head; at; at = parents.get(at)) if (at === base) return base
  return gitText(dir, ['merge-base', base, head])
}

/** How many commits lead from `base`, which is behind it, to `head`. */
export const commitsBetween = async (dir: string, base: string, head: string): Promise<number> => {
  let count = 0
  for (let at: string | null | undefined = head; at; at = parents.get(at), count++)
    if (at === base) return count
  return Number(await gitText(dir, ['rev-list', '--count', `${base}..${head}`]))
}

interface Pending {
  spec: string
  resolve: (object: GitObject | null) => void
  reject: (error: unknown) => void
}

const pending = new Map<string, Pending[]>()

/**
 * One object by `sha:path` or sha; null when it does not exist. Objects asked for in one turn of the event
 * loop share one git process, so that a GraphQL query for a hundred files costs one.
 */
export const readObject = (dir: string, spec: string): Promise<GitObject | null> =>
  new Promise((resolve, reject) => {
    const queue = pending.get(dir)
    if (queue !== undefined) {
      queue.push({ spec, resolve, reject })
      return
    }
    pending.set(dir, [{ spec, resolve, reject }])
    setImmediate(() => {
      const batch = pending.get(dir) ?? []
      pending.delete(dir)
      readBatch(
        dir,
        batch.map(one => one.spec),
      ).then(
        objects => batch.forEach((one, index) => one.resolve(objects[index] ?? null)),
        error => batch.forEach(one => one.reject(error)),
      )
    })
  })

const readBatch = async (dir: string, specs: readonly string[]): Promise<(GitObject | null)[]> => {
  const askable = specs.filter(spec => !/[\n\r]/.test(spec))
  const answer = await git(dir, ['cat-file', '--batch'], { input: askable.map(spec => `${spec}\n`).join('') })
  let at = 0
  const objects = new Map<string, GitObject | null>()
  for (const spec of askable) {
    const end = answer.indexOf(10, at)
    const [sha = '', type = '', size = ''] = answer.subarray(at, end).toString().split(' ')
    at = end + 1
    if (!/^[0-9a-f]{40}$/.test(sha) || !/^\d+$/.test(size)) {
      objects.set(spec, null)
      continue
    }
    objects.set(spec, { sha, type, bytes: answer.subarray(at, at + Number(size)) })
    at += Number(size) + 1
  }
  return specs.map(spec => objects.get(spec) ?? null)
}

export interface Signature {
  name: string
  email: string
  date: Date
}

const SUBMODULE = '160000'

/** A path as fast-import reads it; git forbids NUL in one. */
const quoted = (path: string): string =>
  `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

/**
 * A commit on top of `parent` (none for a first one) without a working copy, by one git process however
 * many files there are. A null file is deleted. Answers the commit's sha; no branch moves.
 */
export const writeCommit = async (
  dir: string,
  commit: {
    parent: string | null
    files: Record<string, string | Uint8Array | null>
    modes: Record<string, string>
    message: string
    author: Signature
    /** Unique among the commits that are written at once. */
    id: string
  },
): Promise<string> => {
  const { name, email, date } = commit.author
  const signature = `${name} <${email}> ${Math.floor(date.getTime() / 1000)} +0000`
  const ref = `refs/cupel/${commit.id}`
  const parts: (string | Buffer)[] = []
  const data = (contents: string | Uint8Array): void => {
    const bytes = Buffer.from(contents as Uint8Array)
    parts.push(`data ${bytes.length}\n`, bytes, '\n')
  }
  parts.push(`commit ${ref}\nmark :1\nauthor ${signature}\ncommitter ${signature}\n`)
  data(commit.message)
  if (commit.parent !== null) parts.push(`from ${commit.parent}\n`)
  for (const [path, contents] of Object.entries(commit.files)) {
    const mode = commit.modes[path] ?? '100644'
    if (contents === null) parts.push(`D ${quoted(path)}\n`)
    else if (mode === SUBMODULE) parts.push(`M ${mode} ${String(contents)} ${quoted(path)}\n`)
    else {
      parts.push(`M ${mode} inline ${quoted(path)}\n`)
      data(contents)
    }
  }
  // The name was only lent: without it the commit is reached by its sha, or not at all.
  parts.push(`\nget-mark :1\nreset ${ref}\nfrom ${'0'.repeat(40)}\n\n`)
  const input = Buffer.concat(parts.map(part => Buffer.from(part as string)))
  const sha = await gitText(dir, ['-c', 'fastimport.unpackLimit=1', 'fast-import', '--quiet'], { input })
  parents.set(sha, commit.parent)
  return sha
}
