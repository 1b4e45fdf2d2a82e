import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { administratorsHand, publishedCycle } from '../../src/adapters/postgres/dashboard.ts'
import { sealTicket, signInMs } from '../../src/core/ticket.ts'
import { createDashboardServer } from '../../src/dashboard/server.ts'
import { gateWorld, type GateWorld } from '../jobs/gate/world.ts'

export const secret = 'a secret of the tests, long enough for them'.replaceAll(' ', '-')

export interface Answer {
  status: number
  text: string
  headers: Headers
}

/** The dashboard's server with the operator's rights, beside a gate on the same database. */
export interface DashboardWorld {
  gate: GateWorld
  url: string
  /** What the server takes for now; moved by tests. */
  now: Date
  /** The path of a sign-in link, as the command line makes one. */
  link(login?: string, more?: { expiresAt?: number; key?: string }): string
  get(path: string, cookie?: string, method?: string): Promise<Answer>
  /** A form as a browser sends it from our own page, unless headers say otherwise. */
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Answer>
  /** Follows a new link; answers the cookie. */
  signIn(login?: string): Promise<string>
  close(): Promise<void>
}

export async function dashboardWorld(): Promise<DashboardWorld> {
  const gate = await gateWorld()
  const pool = gate.database.pool('cupel_operator', 2)
  const server: Server = createDashboardServer({
    cycle: publishedCycle(pool),
    hand: administratorsHand(pool),
    secret,
    clock: { now: () => world.now },
    drawKey: randomUUID,
    metrics: { contentType: 'text/plain', render: async () => 'up 1\n' },
    log: { error: () => {}, info: () => {} },
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const read = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, { redirect: 'manual', ...init })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  const world: DashboardWorld = {
    gate,
    url,
    now: new Date(),
    link(login = 'ann', { expiresAt = world.now.getTime() + signInMs, key = secret } = {}) {
      return `/sign-in?token=${sealTicket(key, 'sign-in', { login, id: randomUUID(), expiresAt })}`
    },
    get: (path, cookie = '', method = 'GET') => read(path, { method, headers: { cookie } }),
    post: (path, fields, headers = {}) =>
      read(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: url, ...headers } }),
    async signIn(login) {
      const { headers } = await world.get(world.link(login))
      return (headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await gate.close()
    },
  }
  return world
}

/** The hidden fields of the page's form for this kind of action. */
export function fieldsOf(page: string, kind: string): Record<string, string> {
  const form = page.split('<form').find(each => new RegExp(`name="kind"\\s+value="${kind}"`).test(each))
  if (form === undefined) throw new Error(`no form for ${kind}`)
  const hidden = form.matchAll(/<input\s+type="hidden"\s+name="(\w+)"\s+value="([^"]*)"/g)
  return Object.fromEntries([...hidden].map(([, name = '', value = '']) => [name, value]))
}
