import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { FileChange } from '../../core/review/diff.ts'
import { parseGitDiff } from '../../core/review/git-diff.ts'
import type { Snapshot } from '../../core/review/snapshot.ts'
import { readBlobs, readWorkingTree } from './contents.ts'
import { diffOptions, type Environment, git, refusal } from './git-command.ts'
import { headOrEmpty, readRange } from './revisions.ts'

export interface LocalRequest {
  /** Any folder inside the repository. */
  repo: string
  env: Environment
  /** `A..B`, `A...B` or one commit. */
  range?: string
  /** A file's path, or `-` for `stdin`. */
  patchFile?: string
  /** The index against HEAD. */
  staged?: boolean
  stdin?: NodeJS.ReadableStream
}

export interface LocalChange {
  snapshot: Snapshot
  /** `.github/cupel.yml` of the base side; null where there is none. */
  repositoryConfiguration: { path: string; text: string } | null
}

const configurationPath = '.github/cupel.yml'
const instructionPaths = ['AGENTS.md', 'CLAUDE.md', '.github/copilot-instructions.md']

/**
 * A change on this machine as a snapshot. Without range, patch or staged: the working tree against HEAD, staged
 * changes included, untracked files not. What says how to review comes from the base side, never from the head.
 * Throws Fault input-malformed, its message holding the cure.
 */
export async function readLocalChange(request: LocalRequest): Promise<LocalChange> {
  const { env } = request
  const root = await findRoot(request)
  if (request.patchFile !== undefined) return readPatch(request, root, request.patchFile)
  if (root === undefined) {
    throw refusal(
      `${request.repo} is not in a git repository: name one with --repo, or a patch with --patch.`,
    )
  }
  if (request.range !== undefined) {
    const { base, head } = await readRange(root, request.range, env)
    const files = await diff(root, [base, head], env)
    const contents = await readBlobs(root, head, headPaths(files), env)
    const about = await describe(root, head, env)
    return withBase(root, base, { ...about, headSha: head, files, contents }, env)
  }
  const base = await headOrEmpty(root, env)
  if (request.staged) {
    const files = await diff(root, ['--cached', base], env)
    const contents = await readBlobs(root, '', headPaths(files), env)
    return withBase(root, base, { title: 'Staged changes', headSha: 'index', files, contents }, env)
  }
  const files = await diff(root, [base], env)
  const contents = await readWorkingTree(root, headPaths(files))
  return withBase(root, base, { title: 'Local changes', headSha: 'working-tree', files, contents }, env)
}

async function findRoot({ repo, env, range }: LocalRequest): Promise<string | undefined> {
  const tree = await git(repo, ['rev-parse', '--show-toplevel'], env)
  if (tree.status === 0) return String(tree.stdout).replace(/\n$/, '')
  const bare = await git(repo, ['rev-parse', '--absolute-git-dir'], env)
  if (bare.status === 0) {
    if (range !== undefined) return String(bare.stdout).replace(/\n$/, '')
    throw refusal(`${repo} has no working tree: say what to review with --range.`)
  }
  if (/dubious ownership/.test(tree.stderr)) {
    throw refusal(
      `git refuses ${repo} because another user owns it: see safe.directory in git's documentation.`,
    )
  }
  return undefined
}

async function diff(root: string, what: readonly string[], env: Environment): Promise<FileChange[]> {
  const { status, stdout, stderr } = await git(root, ['diff', ...diffOptions, ...what, '--'], env)
  if (status !== 0) throw refusal(`git diff failed: ${stderr.trim().slice(0, 500)}`)
  return parseGitDiff(stdout)
}

/** Changed files that have a text on the head side. */
function headPaths(files: readonly FileChange[]): string[] {
  return files
    .filter(file => file.status !== 'removed' && file.omitted === 'none' && file.hunks.length > 0)
    .map(file => file.path)
}

interface Head {
  title: string
  body?: string
  author?: string
  headSha: string
  files: FileChange[]
  contents: Map<string, string>
}

async function withBase(root: string, base: string, head: Head, env: Environment): Promise<LocalChange> {
  const texts =
    base === '' ? new Map() : await readBlobs(root, base, [configurationPath, ...instructionPaths], env)
  const configuration = texts.get(configurationPath)
  return {
    snapshot: {
      repository: { id: 0, owner: 'local', name: basename(root) },
      pullRequest: {
        number: 0,
        title: head.title,
        body: head.body ?? '',
        author: head.author ?? '',
        baseSha: base,
        headSha: head.headSha,
      },
      files: head.files,
      filesTruncated: false,
      contents: head.contents,
      instructions: instructionPaths.flatMap(path => {
        const text = texts.get(path)
        return text === undefined ? [] : [{ path, text }]
      }),
    },
    repositoryConfiguration:
      configuration === undefined ? null : { path: configurationPath, text: configuration },
  }
}

async function describe(
  root: string,
  head: string,
  env: Environment,
): Promise<{ title: string; body: string; author: string }> {
  const format = '--format=%an%x00%s%x00%b'
  const { stdout } = await git(root, ['log', '-1', '--encoding=UTF-8', format, head], env)
  const [author = '', title = '', body = ''] = String(stdout).split('\0')
  return { author, title, body: body.trim() }
}

async function readPatch(
  request: LocalRequest,
  root: string | undefined,
  patchFile: string,
): Promise<LocalChange> {
  const bytes = await patchBytes(patchFile, request.stdin)
  const files = parseGitDiff(bytes)
  if (files.length === 0 && bytes.toString('latin1').trim() !== '') {
    throw refusal(`${patchFile} holds no diff: give the output of git diff or git format-patch.`)
  }
  const folder = root ?? resolve(request.repo)
  const contents = await readWorkingTree(folder, headPaths(files))
  for (const file of files) {
    const text = contents.get(file.path)
    if (text !== undefined && !matches(file, text)) contents.delete(file.path)
  }
  const base = root === undefined ? '' : await headOrEmpty(root, request.env)
  return withBase(folder, base, { title: 'Patch', headSha: 'patch', files, contents }, request.env)
}

async function patchBytes(patchFile: string, stdin: NodeJS.ReadableStream | undefined): Promise<Buffer> {
  try {
    return patchFile === '-' ? await buffer(stdin ?? process.stdin) : await readFile(patchFile)
  } catch (error) {
    throw refusal(`The patch ${patchFile} cannot be read: check the path and its permissions.`, error)
  }
}

/** Whether the text is what the patch makes of it: every line of the RIGHT side stands where the patch says. */
function matches(file: FileChange, text: string): boolean {
  // A checkout may have CRLF where the repository has LF.
  const bare = (line: string | undefined): string | undefined => line?.replace(/\r$/, '')
  const lines = text.split('\n')
  return file.hunks.every(hunk =>
    hunk.lines.every(line => line.newLine === undefined || bare(lines[line.newLine - 1]) === bare(line.text)),
  )
}
