import { createHmac, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const ANSWER_WITHIN_MS = 20_000

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

/**
 * Keep-alive connections that write bytes made beforehand: what the generator costs is taken from the two cores
 * that it measures, and node:http costs as much as the server at the other end.
 */
function sender(target: Target, connections: number): { post(): Promise<void>; close(): void } {
  const { hostname, port } = new URL(target.url)
  const signature = createHmac('sha256', target.secret).update(target.body).digest('hex')
  const head = [
    'POST /api/github/webhooks HTTP/1.1',
    `host: ${hostname}:${port}`,
    'content-type: application/json',
    `content-length: ${target.body.length}`,
    'user-agent: GitHub-Hookshot/bench',
    'x-github-event: pull_request',
    `x-hub-signature-256: sha256=${signature}`,
    'x-github-delivery: ',
  ].join('\r\n')
  const idle: Connection[] = []
  const waiting: ((connection: Connection) => void)[] = []
  for (let n = 0; n < connections; n++) idle.push(openConnection(Number(port), hostname))
  const all = new Set(idle)
  const replaced = (connection: Connection): Connection => {
    all.delete(connection)
    connection.close()
    const fresh = openConnection(Number(port), hostname)
    all.add(fresh)
    return fresh
  }
  return {
    async post() {
      let connection = idle.pop() ?? (await new Promise<Connection>(resolve => waiting.push(resolve)))
      // A server ends a connection that was idle for some seconds.
      if (connection.ended()) connection = replaced(connection)
      const status = await connection.send(`${head}${randomUUID()}\r\n\r\n`, target.body)
      const next = waiting.shift()
      if (next) next(connection)
      else idle.push(connection)
      if (status !== target.status) throw new Error(`${target.url} answered ${status}`)
    },
    close: () => all.forEach(connection => connection.close()),
  }
}

interface Connection {
  /** Answers the status, once the whole answer is there. */
  send(head: string, body: Buffer): Promise<number>
  ended(): boolean
  close(): void
}

function openConnection(port: number, host: string): Connection {
  const socket = connect({ port, host, noDelay: true })
  let answer = ''
  let pending: { resolve(status: number): void; reject(error: Error): void } | null = null
  const lost = (error: Error): void => pending?.reject(error)
  socket.on('error', lost)
  socket.on('close', () => lost(new Error('the connection was closed')))
  socket.setTimeout(ANSWER_WITHIN_MS, () => {
    if (pending !== null) socket.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`))
  })
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
    const end = answer.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = /^content-length: (\d+)/im.exec(answer.slice(0, end))?.[1]
    if (length === undefined) return lost(new Error(`an answer without length: ${answer}`))
    if (answer.length < end + 4 + Number(length)) return
    const status = Number(answer.slice(9, 12))
    answer = ''
    pending?.resolve(status)
    pending = null
  })
  return {
    send: (head, body) =>
      new Promise((resolve, reject) => {
        pending = { resolve, reject }
        socket.cork()
        socket.write(head, 'latin1')
        socket.write(body)
        socket.uncork()
      }),
    ended: () => socket.destroyed || socket.readableEnded,
    close: () => socket.destroy(),
  }
}
