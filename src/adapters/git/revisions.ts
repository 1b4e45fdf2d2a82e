import { type Environment, git, refusal } from './git-command.ts'

/** Trees to compare: `base` is a commit or a tree, `head` a commit. */
export interface Revisions {
  base: string
  head: string
}

/**
 * `A..B`, `A...B` (from their merge base) or one commit (against its first parent; a root commit against the
 * empty tree). An empty end means HEAD. Throws Fault input-malformed for what git does not know.
 */
export async function readRange(repo: string, range: string, env: Environment): Promise<Revisions> {
  const symmetric = range.split('...')
  if (symmetric.length === 2) {
    const left = await resolve(repo, symmetric[0] || 'HEAD', 'commit', env)
    const head = await resolve(repo, symmetric[1] || 'HEAD', 'commit', env)
    const { status, stdout } = await git(repo, ['merge-base', left, head], env)
    if (status !== 0) {
      if (await isShallow(repo, env)) throw refusal(`${range}: their common ancestor is not here. ${deepen}`)
      throw refusal(`${range}: the two have no common ancestor; use A..B to compare them directly.`)
    }
    return { base: String(stdout).trim(), head }
  }
  const plain = range.split('..')
  if (plain.length === 2) {
    return {
      base: await resolve(repo, plain[0] || 'HEAD', 'tree-ish', env),
      head: await resolve(repo, plain[1] || 'HEAD', 'commit', env),
    }
  }
  const head = await resolve(repo, range, 'commit', env)
  const parent = await lookUp(repo, `${head}^1^{commit}`, env)
  // Against nothing, the last commit of a shallow clone would look as if it had written every file.
  if (parent === undefined && (await namesParent(repo, head, env)))
    throw refusal(`The parent of ${JSON.stringify(range)} is not here. ${deepen}`)
  return { base: parent ?? (await emptyTree(repo, env)), head }
}

const deepen =
  'This is a shallow clone: get its history with `git fetch --unshallow` (in GitHub Actions: fetch-depth: 0).'

async function isShallow(repo: string, env: Environment): Promise<boolean> {
  const { stdout } = await git(repo, ['rev-parse', '--is-shallow-repository'], env)
  return String(stdout).trim() === 'true'
}

/** What the commit itself says, whether or not the parent is here. */
async function namesParent(repo: string, commit: string, env: Environment): Promise<boolean> {
  const { stdout } = await git(repo, ['cat-file', 'commit', commit], env)
  return /^[^\n]*\nparent /.test(String(stdout))
}

/** HEAD's commit, or the empty tree where nothing was ever committed. */
export async function headOrEmpty(repo: string, env: Environment): Promise<string> {
  return (await lookUp(repo, 'HEAD^{commit}', env)) ?? (await emptyTree(repo, env))
}

async function resolve(
  repo: string,
  name: string,
  kind: 'commit' | 'tree-ish',
  env: Environment,
): Promise<string> {
  // A name beginning with a dash would be read as an option.
  const safe = name !== '' && !name.startsWith('-')
  const id = safe ? await lookUp(repo, `${name}^{commit}`, env) : undefined
  if (id !== undefined) return id
  const tree = safe && kind === 'tree-ish' ? await lookUp(repo, `${name}^{tree}`, env) : undefined
  if (tree !== undefined) return tree
  const cure = (await isShallow(repo, env)) ? deepen : 'Check the spelling, or fetch it first.'
  throw refusal(`git knows no commit ${JSON.stringify(name)} here. ${cure}`)
}

async function lookUp(repo: string, expression: string, env: Environment): Promise<string | undefined> {
  const { status, stdout } = await git(repo, ['rev-parse', '--verify', '--quiet', expression], env)
  return status === 0 ? String(stdout).trim() : undefined
}

async function emptyTree(repo: string, env: Environment): Promise<string> {
  const { stdout } = await git(repo, ['hash-object', '-t', 'tree', '--stdin'], env)
  return String(stdout).trim()
}
