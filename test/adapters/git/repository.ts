import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface TestRepository {
  path: string
  /** The folder that holds the repository, itself in no repository. */
  outside: string
  env: Record<string, string | undefined>
  git(...args: string[]): string
  write(path: string, contents: string | Uint8Array): void
  /** Writes, stages all and commits. Answers the commit's id. */
  commit(files?: Record<string, string | Uint8Array>, message?: string): string
}

/** An empty repository, untouched by this machine's git configuration; it ends with the test. */
export function makeRepository(): TestRepository {
  const outside = mkdtempSync(join(tmpdir(), 'cupel-git-'))
  onTestFinished(() => rmSync(outside, { recursive: true, force: true }))
  const path = join(outside, 'repo')
  mkdirSync(path)
  const env = { PATH: process.env.PATH, HOME: outside }
  const who = ['-c', 'user.name=T', '-c', 'user.email=t@example.com', '-c', 'protocol.file.allow=always']
  const git = (...args: string[]): string =>
    String(
      execFileSync('git', ['-C', path, ...who, ...args], {
        env: { ...env, GIT_CONFIG_NOSYSTEM: '1' },
        stdio: 'pipe',
      }),
    ).trim()
  const write = (file: string, contents: string | Uint8Array): void => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), contents)
  }
  git('init', '-q', '-b', 'main')
  return {
    path,
    outside,
    env,
    git,
    write,
    commit(files = {}, message = 'a commit') {
      for (const [file, contents] of Object.entries(files)) write(file, contents)
      git('add', '-A')
      git('commit', '-q', '--allow-empty', '-m', message)
      return git('rev-parse', 'HEAD')
    },
  }
}
