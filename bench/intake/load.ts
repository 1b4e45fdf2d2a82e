import { createHmac, randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Target {
  url: string
  secret: string
  body: Buffer
  /** What counts as taken. */
  status: number
}

export interface Load {
  sent: number
  perSecond: number
  /** One for each, from the moment it was due. */
  latenciesMs: number[]
}

/** As many as `connections` allow, each with the next as soon as the last is answered, for `ms`. */
export async function saturate(target: Target, connections: number, ms: number): Promise<Load> {
  const send = sender(target, connections)
  const latenciesMs: number[] = []
  const began = performance.now()
  const one = async (): Promise<void> => {
    for (let at = performance.now(); at - began < ms; at = performance.now()) {
      await send.post()
      latenciesMs.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  const seconds = (performance.now() - began) / 1000
  send.close()
  return { sent: latenciesMs.length, perSecond: latenciesMs.length / seconds, latenciesMs }
}

/**
 * `perSecond` a second for `ms`, whether or not those before are answered: a webhook that is late to be sent
 * counts from when it was due.
 */
export async function trickle(target: Target, perSecond: number, ms: number): Promise<Load> {
  const send = sender(target, 256)
  const count = Math.round((perSecond * ms) / 1000)
  const latenciesMs: number[] = []
  const began = performance.now()
  const answered: Promise<void>[] = []
  for (let n = 0; n < count; n++) {
    const due = began + (n * 1000) / perSecond
    const early = due - performance.now()
    if (early > 0) await sleep(early)
    answered.push(send.post().then(() => void latenciesMs.push(performance.now() - due)))
  }
  await Promise.all(answered)
  const seconds = (performance.now() - began) / 1000
  send.close()
  return { sent: count, perSecond: count / seconds, latenciesMs }
}

function sender(target: Target, connections: number): { post(): Promise<void>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const signature = `sha256=${createHmac('sha256', target.secret).update(target.body).digest('hex')}`
  const { hostname, port } = new URL(target.url)
  const headers = {
    'content-type': 'application/json',
    'content-length': target.body.length,
    'user-agent': 'GitHub-Hookshot/bench',
    'x-github-event': 'pull_request',
    'x-hub-signature-256': signature,
  }
  return {
    post: () =>
      new Promise((resolve, reject) => {
        const sent = request({
          hostname,
          port,
          agent,
          method: 'POST',
          path: '/api/github/webhooks',
          headers: { ...headers, 'x-github-delivery': randomUUID() },
        })
        sent.on('error', reject)
        sent.on('response', response => {
          response.on('error', reject)
          response.resume().on('end', () => {
            if (response.statusCode === target.status) resolve()
            else reject(new Error(`${target.url} answered ${response.statusCode}`))
          })
        })
        sent.end(target.body)
      }),
    close: () => agent.destroy(),
  }
}
