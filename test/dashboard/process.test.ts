import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInLink } from '../../src/cli/dashboard.ts'
import { processSpecs } from '../../src/supervisor/processes.ts'
import { startProcess, type RunningProcess } from '../e2e/process.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'

const sessionSecret = 'of-the-process'.repeat(3)

let database: TestDatabase
let dashboard: RunningProcess
let url: string
beforeAll(async () => {
  database = await testDatabase()
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const env = {
    ...process.env,
    CUPEL_SESSION_SECRET: sessionSecret,
    CUPEL_DASHBOARD_PORT: String(port),
    LOG_LEVEL: 'info',
  }
  const spec = processSpecs(env, database.ownerUrl).find(each => each.name === 'dashboard')
  if (!spec) throw new Error('no dashboard process')
  dashboard = await startProcess(spec)
})
afterAll(async () => {
  await dashboard.kill()
  await database.drop()
})

test('the process shows the cycle to whoever follows the command line’s link, and its log holds no token', async () => {
  const link = signInLink({ url, sessionSecret }, 'ann') ?? ''
  const cookie = (await fetch(link)).headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  const page = await fetch(url, { headers: { cookie } })
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('genesis')
  for (const [path, words] of [
    ['/healthz', 'alive'],
    ['/readyz', 'ready'],
    ['/metrics', 'process_cpu_seconds_total'],
  ] as const)
    expect(await (await fetch(url + path)).text()).toContain(words)
  expect(dashboard.tail()).toContain('somebody signed in')
  expect(dashboard.tail()).not.toContain(cookie.split('=')[1])
  expect(await dashboard.stop()).toBe(0)
})
