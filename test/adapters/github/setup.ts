import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { startLocalGitHub, type LocalGitHub } from '../../../sandbox/github/server.ts'
import { codeHost } from '../../../src/adapters/github/code-host.ts'
import { reactionReader } from '../../../src/adapters/github/reactions.ts'
import { connectApp } from '../../../src/adapters/github/connect.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { PullRequestRef } from '../../../src/core/pull-request.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { ReactionReader } from '../../../src/ports/feedback.ts'
import type { Pacer } from '../../../src/ports/pacer.ts'

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

export type Host = ReturnType<typeof codeHost>
type Permissions = Record<string, 'read' | 'write'>

export interface Setup {
  github: LocalGitHub
  /** `metric outcome` of every call so far. */
  outcomes: string[]
  /** When each pause ends. */
  pauses: Date[]
  warnings: string[]
  host(more?: { pacer?: Pacer; clock?: Clock; basePath?: string }): Promise<Host>
  reactions(): Promise<ReactionReader>
  close(): Promise<void>
}

/** A local GitHub and code hosts for it. Waiting takes no time; pauses are recorded, not kept, unless a pacer is given. */
export async function setup(options: { permissions?: Permissions } = {}): Promise<Setup> {
  const dir = await mkdtemp(join(tmpdir(), 'cupel-github-'))
  const app = { id: 7, privateKey, slug: 'cupel', webhookUrl: null, webhookSecret: 's', ...options }
  const github = await startLocalGitHub({ dataDir: dir, app })
  const outcomes: string[] = []
  const pauses: Date[] = []
  const warnings: string[] = []
  const clock: Clock = { ...systemClock, sleep: async () => {} }
  const pacer: Pacer = {
    acquire: async () => {},
    pause: async (_installation, until) => void pauses.push(until),
  }
  const calls = async (
    more: { pacer?: Pacer; clock?: Clock; basePath?: string } = {},
  ): Promise<Parameters<typeof codeHost>[0]> => ({
    ...(await connectApp({
      id: 7,
      privateKey,
      baseUrl: `${github.url}${more.basePath ?? ''}`,
      log: pino({ level: 'silent' }),
      clock: more.clock ?? clock,
    })),
    pacer: more.pacer ?? pacer,
    log: { warn: (_fields, message) => void warnings.push(message) },
    metrics: { codeHostCall: (name, outcome) => void outcomes.push(`${name} ${outcome}`) },
    clock: more.clock ?? clock,
  })
  return {
    github,
    outcomes,
    pauses,
    warnings,
    host: async more => codeHost(await calls(more)),
    reactions: async () => reactionReader(await calls()),
    async close() {
      await github.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** acme/`name` with one pull request that adds `two` to a.txt and a binary file. */
export async function openPull(
  { github }: Pick<Setup, 'github'>,
  name: string,
  more: Partial<Parameters<LocalGitHub['control']['createRepository']>[0]> = {},
): Promise<{ ref: PullRequestRef; headSha: string; at: { repo: string; number: number } }> {
  const repo = `acme/${name}`
  const made = await github.control.createRepository({
    owner: 'acme',
    name,
    ...more,
    files: { 'a.txt': 'one\n', ...more.files },
  })
  await github.control.commit({
    repo,
    branch: 'work',
    files: { 'a.txt': 'one\ntwo\n', 'b.bin': new Uint8Array([0, 255, 0]) },
    message: 'Two',
    author: 'ann',
  })
  const opened = await github.control.openPullRequest({ repo, head: 'work', title: 'Two', author: 'ann' })
  return {
    ref: {
      installationId: made.installationId ?? 0,
      repositoryId: made.id,
      owner: 'acme',
      repo: name,
      number: opened.number,
    },
    headSha: opened.headSha,
    at: { repo, number: opened.number },
  }
}

/** Requests since `mark` that a review is charged for: minting a token is not. */
export const callsSince = (github: LocalGitHub, mark: number): string[] =>
  github.requests
    .slice(mark)
    .filter(request => !request.path.endsWith('/access_tokens'))
    .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)
