import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ProbotOctokit } from 'probot'
import { createAppAuth } from '@octokit/auth-app'
import { startLocalGitHub } from '../../../sandbox/github/server.ts'

export const SECRET = 'a webhook secret'
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

// The plug-ins wait between writes and retry by themselves: here each call is to be seen as it is.
const Octokit = ProbotOctokit.defaults((options: Record<string, unknown>) => ({
  ...options,
  throttle: { enabled: false },
  retry: { enabled: false },
}))

export const start = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'local-github-'))
  const received: { headers: Record<string, unknown>; body: string }[] = []
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      response.writeHead(202).end('taken')
    })
  })
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
  const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  const github = await startLocalGitHub({
    dataDir,
    app: { id: 7, privateKey: PEM, slug: 'cupel', webhookUrl, webhookSecret: SECRET },
  })
  const asApp = () =>
    new Octokit({ baseUrl: github.url, authStrategy: createAppAuth, auth: { appId: 7, privateKey: PEM } })
  const asInstallation = (installationId: number) =>
    new Octokit({
      baseUrl: github.url,
      authStrategy: createAppAuth,
      auth: { appId: 7, privateKey: PEM, installationId },
    })
  return {
    github,
    received,
    asApp,
    asInstallation,
    asUser: (token: string) => new Octokit({ baseUrl: github.url, auth: { token } }),
    close: async () => {
      await github.close()
      await new Promise<void>(resolve => {
        receiver.close(() => resolve())
        receiver.closeAllConnections()
      })
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index + 1}`)

/** shop/cart with one open pull request: src/a.ts changed at lines 2 and 30, old.txt renamed, logo.png added. */
export const openSample = async (github: Awaited<ReturnType<typeof start>>['github']) => {
  const base = lines(40)
  const made = await github.control.createRepository({
    owner: 'shop',
    name: 'cart',
    files: {
      'src/a.ts': `${base.join('\n')}\n`,
      'old.txt': `${lines(20).join('\n')}\n`,
      'gone.txt': 'gone\n',
    },
    collaborators: { ada: 'write', bob: 'triage' },
  })
  const head = base.with(1, 'changed 2').with(29, 'changed 30')
  await github.control.commit({
    repo: 'shop/cart',
    branch: 'topic',
    files: {
      'src/a.ts': `${head.join('\n')}\n`,
      'old.txt': null,
      'new.txt': `${lines(20).join('\n')}\nmore\n`,
      'gone.txt': null,
      'logo.png': new Uint8Array([0, 1, 2, 255, 0]),
    },
    message: 'Change things',
    author: 'ada',
  })
  const pull = await github.control.openPullRequest({
    repo: 'shop/cart',
    head: 'topic',
    title: 'Change',
    author: 'ada',
  })
  return { ...pull, installationId: made.installationId ?? 0, head }
}
