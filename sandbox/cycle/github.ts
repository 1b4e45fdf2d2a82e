import { fork } from 'node:child_process'
import { once } from 'node:events'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { LocalGitHubOptions } from '../github/server.ts'

/** The local GitHub in a process of its own, with an App. */
export interface GitHub {
  url: string
  app: { id: number; privateKey: string; webhookSecret: string }
  /** What people do there, by the names of sandbox/github/control.ts. Throws what the local GitHub refuses. */
  control(name: string, input?: object): Promise<unknown>
  close(): Promise<void>
}

const answers = z.union([z.object({ url: z.string() }), z.object({ error: z.string() })])

export async function startGitHub(dataDir: string): Promise<GitHub> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const app = { id: 1, privateKey: pem, webhookSecret: randomBytes(24).toString('hex') }
  const folder = join(dataDir, `github-${process.pid}`)
  await mkdir(folder, { recursive: true })
  const options: LocalGitHubOptions = { dataDir: folder, app: { ...app, slug: 'cupel', webhookUrl: null } }
  const child = fork(fileURLToPath(new URL('./github-process.ts', import.meta.url)), [], {
    env: { PATH: process.env['PATH'] },
    execArgv: [],
  })
  const ended = once(child, 'exit')
  const close = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  child.send(options)
  const [message] = await Promise.race([once(child, 'message'), ended.then(() => [{ error: 'it ended' }])])
  const answer = answers.parse(message)
  if ('error' in answer) {
    await close()
    throw new Error(`the local GitHub did not start: ${answer.error}`)
  }
  const { url } = answer
  return {
    url,
    app,
    async control(name, input = {}) {
      const response = await fetch(`${url}/_control/${name}`, { method: 'POST', body: JSON.stringify(input) })
      const text = await response.text()
      if (!response.ok) throw new Error(`the local GitHub refused ${name}: ${text}`)
      return text === '' ? null : (JSON.parse(text) as unknown)
    },
    close,
  }
}
