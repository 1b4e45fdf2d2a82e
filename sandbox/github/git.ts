import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'

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

/** The commit a name stands for; null when there is none. */
export const resolveCommit = (dir: string, name: string): Promise<string | null> =>
  gitText(dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]).catch(() => null)

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

/** One git process however many files there are. Answers each path's sha. */
const writeBlobs = async (
  dir: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  marks: string,
): Promise<Map<string, string>> => {
  const paths = [...files.keys()]
  if (paths.length === 0) return new Map()
  const stream = [...files.values()].flatMap((contents, index) => {
    const bytes = Buffer.from(contents as Uint8Array)
    return [Buffer.from(`blob\nmark :${index + 1}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')]
  })
  await git(dir, ['fast-import', '--quiet', `--export-marks=${marks}`], { input: Buffer.concat(stream) })
  const listed = (await readFile(marks, 'utf8')).trim().split('\n')
  await rm(marks)
  return new Map(
    listed.map(line => {
      const [mark = '', sha = ''] = line.slice(1).split(' ')
      return [paths[Number(mark) - 1] ?? '', sha]
    }),
  )
}

/**
 * A commit on top of `parent` (none for a first one) without a working copy. A null file is deleted.
 * Answers the commit's sha; no branch moves.
 */
export const writeCommit = async (
  dir: string,
  commit: {
    parent: string | null
    files: Record<string, string | Uint8Array | null>
    modes: Record<string, string>
    message: string
    author: Signature
    index: string
  },
): Promise<string> => {
  const env = { GIT_INDEX_FILE: commit.index }
  if (commit.parent !== null) await git(dir, ['read-tree', commit.parent], { env })
  const written = Object.entries(commit.files).filter(
    (entry): entry is [string, string | Uint8Array] =>
      entry[1] !== null && commit.modes[entry[0]] !== SUBMODULE,
  )
  const blobs = await writeBlobs(dir, new Map(written), `${commit.index}-marks`)
  const entries = Object.entries(commit.files).map(([path, contents]) => {
    if (contents === null) return `0 ${'0'.repeat(40)}\t${path}\0`
    const sha = blobs.get(path) ?? String(contents)
    return `${commit.modes[path] ?? '100644'} ${sha}\t${path}\0`
  })
  await git(dir, ['update-index', '-z', '--index-info'], { env, input: entries.join('') })
  const tree = await gitText(dir, ['write-tree'], { env })
  const stamp = `${Math.floor(commit.author.date.getTime() / 1000)} +0000`
  return gitText(dir, ['commit-tree', tree, ...(commit.parent === null ? [] : ['-p', commit.parent])], {
    input: commit.message,
    env: {
      GIT_AUTHOR_NAME: commit.author.name,
      GIT_AUTHOR_EMAIL: commit.author.email,
      GIT_AUTHOR_DATE: stamp,
      GIT_COMMITTER_NAME: commit.author.name,
      GIT_COMMITTER_EMAIL: commit.author.email,
      GIT_COMMITTER_DATE: stamp,
    },
  })
}
