import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type Environment, git } from './git-command.ts'

const fileLimit = 1_000_000
const totalLimit = 200_000_000

/**
 * Contents by path at `tree` (a revision; '' is the index). Left out: what is no file, is larger than 1 MB, holds
 * a NUL or is not UTF-8, and all beyond 200 MB together.
 */
export async function readBlobs(
  repo: string,
  tree: string,
  paths: readonly string[],
  env: Environment,
): Promise<Map<string, string>> {
  // cat-file takes one name a line.
  const asked = paths.filter(path => !path.includes('\n'))
  if (asked.length === 0) return new Map()
  const names = asked.map(path => `${tree}:${path}\n`).join('')
  const check = await git(
    repo,
    ['cat-file', '--batch-check=%(objecttype) %(objectname) %(objectsize)'],
    env,
    names,
  )
  const wanted: { path: string; id: string }[] = []
  let total = 0
  String(check.stdout)
    .split('\n')
    .forEach((line, index) => {
      const [type, id, size] = line.split(' ')
      const path = asked[index]
      if (type !== 'blob' || id === undefined || path === undefined) return
      if (Number(size) > fileLimit || total + Number(size) > totalLimit) return
      total += Number(size)
      wanted.push({ path, id })
    })
  const { stdout } = await git(repo, ['cat-file', '--batch'], env, wanted.map(({ id }) => `${id}\n`).join(''))
  const contents = new Map<string, string>()
  let at = 0
  for (const { path } of wanted) {
    const headerEnd = stdout.indexOf(0x0a, at)
    if (headerEnd < 0) break
    const size = Number(stdout.toString('latin1', at, headerEnd).split(' ')[2])
    if (!Number.isInteger(size)) break
    const text = asText(stdout.subarray(headerEnd + 1, headerEnd + 1 + size))
    if (text !== undefined) contents.set(path, text)
    at = headerEnd + size + 2
  }
  return contents
}

/**
 * Contents from the working tree, with the same limits. A path from a patch is untrusted: it is read only when it
 * is a plain file that lies inside `root` after all links are followed, and not in `.git`.
 */
export async function readWorkingTree(root: string, paths: readonly string[]): Promise<Map<string, string>> {
  const contents = new Map<string, string>()
  const realRoot = await realpath(root)
  let total = 0
  for (const path of paths) {
    const bytes = await readInside(realRoot, path)
    if (!bytes || total + bytes.length > totalLimit) continue
    total += bytes.length
    const text = asText(bytes)
    if (text !== undefined) contents.set(path, text)
  }
  return contents
}

async function readInside(root: string, path: string): Promise<Buffer | undefined> {
  const parts = path.split('/')
  if (
    path.includes('\0') ||
    parts.some(part => part === '' || part === '..' || part.toLowerCase() === '.git')
  )
    return undefined
  try {
    const folder = await realpath(dirname(join(root, path)))
    if (folder !== root && !folder.startsWith(root + sep)) return undefined
    // O_NONBLOCK: a named pipe must not hold the review.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const file = await open(join(folder, parts.at(-1)!), flags)
    try {
      const stat = await file.stat()
      return stat.isFile() && stat.size <= fileLimit ? await file.readFile() : undefined
    } finally {
      await file.close()
    }
  } catch {
    return undefined // gone, unreadable or a link: contents are missing, which the receipt tells
  }
}

function asText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
