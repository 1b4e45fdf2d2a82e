import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startLocalGitHub, type LocalGitHub } from './github/server.ts'

export interface Sandbox {
  github: LocalGitHub
  /** What the App's processes need to take the local GitHub for GitHub. */
  environment: Record<string, string>
  close(): Promise<void>
}

/** A local GitHub with an App of its own: keys and secret are made here and end with the process. */
export async function startSandbox(options: { dataDir: string; webhookUrl: string }): Promise<Sandbox> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const app = { id: 1, privateKey: pem, slug: 'cupel', webhookSecret: randomBytes(24).toString('hex') }
  const dataDir = join(options.dataDir, `github-${process.pid}`)
  await mkdir(dataDir, { recursive: true })
  const github = await startLocalGitHub({ dataDir, app: { ...app, webhookUrl: options.webhookUrl } })
  return {
    github,
    environment: {
      APP_ID: String(app.id),
      PRIVATE_KEY: pem,
      WEBHOOK_SECRET: app.webhookSecret,
      GHE_HOST: new URL(github.url).host,
      GHE_PROTOCOL: 'http',
    },
    async close() {
      await github.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
