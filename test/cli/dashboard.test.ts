import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { derivedSessionSecret } from '../../src/adapters/postgres/roles.ts'
import { announceDatabase } from '../../src/cli/operator-url.ts'
import { openTicket, signInMs } from '../../src/core/ticket.ts'
import { runCupel } from '../support/cupel.ts'

const secret = 's'.repeat(32)
const ownerUrl = 'postgres://postgres:drawn-at-its-first-start@127.0.0.1:5432/postgres'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cupel-dashboard-'))
})
afterAll(() => rm(folder, { recursive: true }))

const cupel = (env: Record<string, string>, ...args: string[]) =>
  runCupel(['dashboard', ...args], { CUPEL_DATA_DIR: folder, ...env })

describe('cupel dashboard', () => {
  it.each([
    [{}, 'http://127.0.0.1:9468'],
    [{ CUPEL_DASHBOARD_PORT: '81', HOST: '0.0.0.0' }, 'http://127.0.0.1:81'],
    [{ CUPEL_DASHBOARD_URL: 'https://cupel.example/' }, 'https://cupel.example'],
  ])('with %j prints a link below %s that says who, for ten minutes', async (env, url) => {
    const before = Date.now()
    const said = await cupel({ CUPEL_SESSION_SECRET: secret, ...env }, '--as', 'ann')
    expect(said).toMatchObject({ code: 0, err: '' })
    const [address, token = ''] = said.out.trim().split('/sign-in?token=')
    expect(address).toBe(url)
    const ticket = openTicket(secret, 'sign-in', token, before + signInMs - 1)
    expect(ticket).toMatchObject({ login: 'ann' })
    expect(openTicket(secret, 'sign-in', token, Date.now() + signInMs)).toBe('expired')
    expect(openTicket(secret, 'session', token, before)).toBe('forged')
  })

  it('takes secret and address of a running `cupel start` with the embedded database', async () => {
    const sessionSecret = derivedSessionSecret(ownerUrl)
    const end = await announceDatabase(folder, ownerUrl, { url: 'http://127.0.0.1:82', sessionSecret })
    const { out } = await cupel({}, '--as', 'bea')
    await end()
    const [address, token = ''] = out.trim().split('/sign-in?token=')
    expect(address).toBe('http://127.0.0.1:82')
    expect(openTicket(sessionSecret, 'sign-in', token, Date.now())).toMatchObject({ login: 'bea' })
  })

  it.each<[Record<string, string>, string[], number, string]>([
    [{}, [], 2, 'no session secret: set CUPEL_SESSION_SECRET'],
    [{ CUPEL_SESSION_SECRET: 'short' }, [], 1, 'shorter than 32'],
    [{ CUPEL_SESSION_SECRET: secret, METRICS_PORT: '0' }, [], 2, 'set CUPEL_DASHBOARD_URL'],
    [{ CUPEL_SESSION_SECRET: secret }, ['--as', 'two words'], 1, 'Write a login'],
  ])('with %j and %j prints no link', async (env, args, code, why) => {
    const said = await cupel(env, ...args)
    expect(said).toMatchObject({ code, out: '' })
    expect(said.err).toContain(why)
  })
})
