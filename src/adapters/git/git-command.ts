import { spawn } from 'node:child_process'
import { Fault } from '../../core/fault.ts'

export type Environment = Record<string, string | undefined>

export interface GitAnswer {
  status: number
  stdout: Buffer
  stderr: string
}

const outputLimit = 256 * 1024 * 1024

// Whatever the repository's own configuration says, git starts no program of its choosing, fetches nothing,
// writes nothing and prints in one known form.
const settings = [
  'core.fsmonitor=',
  'core.hooksPath=/dev/null',
  'core.quotePath=true',
  'diff.external=',
  'diff.suppressBlankEmpty=false',
  'log.showSignature=false',
  'protocol.allow=never',
]
const fixed = ['--no-pager', '--literal-pathspecs', ...settings.flatMap(setting => ['-c', setting])]

// `dirty`: without it git would run, under that repository's configuration, inside each submodule.
export const diffOptions = (
  '--no-ext-diff --no-textconv --no-color --no-relative -M -C --full-index --src-prefix=a/ --dst-prefix=b/ ' +
  '--unified=3 --inter-hunk-context=0 --submodule=short --ignore-submodules=dirty'
).split(' ')

/**
 * Runs git in `folder`. Any exit status is an answer. Throws Fault input-malformed when git is missing, `folder`
 * does not exist, or the output passes 256 MB.
 */
export async function git(
  folder: string,
  args: readonly string[],
  env: Environment,
  input?: string,
): Promise<GitAnswer> {
  const child = spawn('git', [...fixed, ...args], { cwd: folder, env: gitEnvironment(env) })
  const out: Buffer[] = []
  const errors: Buffer[] = []
  let bytes = 0
  return await new Promise<GitAnswer>((resolve, reject) => {
    child.on('error', error => reject(cannotStart(folder, error)))
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= outputLimit) out.push(chunk)
      else child.kill()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < 100) errors.push(chunk)
    })
    child.stdin.on('error', () => {}) // git may end before it has read all
    child.stdin.end(input ?? '')
    child.on('close', status => {
      if (bytes > outputLimit) reject(refusal('The change is larger than 256 MB: review a smaller range.'))
      else
        resolve({ status: status ?? -1, stdout: Buffer.concat(out), stderr: String(Buffer.concat(errors)) })
    })
  })
}

/** A wrong input of the person at the keyboard: one message that holds the cure. */
export function refusal(message: string, cause?: unknown): Fault {
  return new Fault('input-malformed', message, { retry: 'never', cause })
}

function cannotStart(folder: string, error: Error): Fault {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR')
    return refusal(
      `git could not be started in ${folder}: check that the folder exists and that git is installed and on PATH.`,
      error,
    )
  return refusal(`git could not be started: ${error.message}`, error)
}

function gitEnvironment(env: Environment): Environment {
  const passed = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'TMPDIR', 'GIT_INDEX_FILE']
  return {
    ...Object.fromEntries(passed.filter(name => env[name] !== undefined).map(name => [name, env[name]])),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  }
}
