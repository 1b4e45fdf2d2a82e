import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { sessionMs } from '../../src/core/ticket.ts'
import { dashboardWorld, secret, type DashboardWorld } from './dashboard-world.ts'

let world: DashboardWorld
beforeAll(async () => {
  world = await dashboardWorld()
})
afterAll(() => world.close())

describe('a sign-in link', () => {
  it('begins a session of twelve hours, once, and is audited with the login', async () => {
    const link = world.link('bea')
    const first = await world.get(`${link}&to=/audit`)
    expect(first.status).toBe(200)
    expect(first.text).toContain('url=/audit')
    const cookie = first.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^cupel=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
    const own = cookie.split(';', 1)[0]
    expect((await world.get('/', own)).text).toContain('Signed in as bea')
    const again = await world.get(link)
    expect(again).toMatchObject({ status: 401 })
    expect(again.text).toContain('followed before')
    expect(again.headers.get('set-cookie')).toBeNull()
    expect((await world.gate.audited()).filter(line => line === 'dashboard.sign-in dashboard')).toHaveLength(
      1,
    )
    const began = world.now
    world.now = new Date(began.getTime() + sessionMs)
    expect((await world.get('/', own)).status).toBe(401)
    world.now = began
  })

  it('is not used up by who only looks at it', async () => {
    const link = world.link()
    await world.get(link, '', 'HEAD')
    expect((await world.get(link)).headers.get('set-cookie')).not.toBeNull()
  })

  it.each<[string, () => string, string]>([
    ['expired', () => world.link('ann', { expiresAt: world.now.getTime() }), 'older than ten minutes'],
    ['of another secret', () => world.link('ann', { key: `${secret}!` }), 'no sign-in link'],
    ['changed', () => world.link().replace('token=W', 'token=X'), 'no sign-in link'],
    ['cut', () => world.link().slice(0, -1), 'no sign-in link'],
    ['without a signature', () => world.link().split('.')[0] ?? '', 'no sign-in link'],
    ['empty', () => '/sign-in', 'no sign-in link'],
  ])('that is %s begins none', async (_, link, why) => {
    const { status, text, headers } = await world.get(link())
    expect(status).toBe(401)
    expect(text).toContain(why)
    expect(headers.get('set-cookie')).toBeNull()
  })

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)'])(
    'leads to no other place: %s',
    async to => {
      const { text } = await world.get(`${world.link()}&to=${encodeURIComponent(to)}`)
      expect(text).toContain('content="0;url=/"')
      expect(text).not.toContain('evil')
    },
  )

  it('behind https gives a cookie that is sent over https alone', async () => {
    const { headers } = await fetch(world.url + world.link(), { headers: { 'x-forwarded-proto': 'https' } })
    expect(headers.get('set-cookie')).toMatch(/^__Host-cupel=.*; Secure$/)
  })
})

describe('without a session', () => {
  it.each(['/', '/experiments', '/audit', '/actions/1', '/none'])(
    '%s shows nothing but which command gives a link',
    async path => {
      for (const cookie of ['', 'cupel=a.b', `cupel=${world.link().split('token=')[1]}`]) {
        const { status, text } = await world.get(path, cookie)
        expect(status).toBe(401)
        expect(text).toContain('npx cupel dashboard --as LOGIN')
        expect(text).not.toContain('href="/experiments"')
      }
    },
  )

  it.each([
    ['/healthz', '{"status":"alive"}'],
    ['/readyz', '{"status":"ready"}'],
    ['/metrics', 'up 1\n'],
  ])('%s answers', async (path, text) => {
    expect(await world.get(path)).toMatchObject({ status: 200, text })
  })
})

test('signing out ends the session in the browser', async () => {
  const cookie = await world.signIn()
  const page = (await world.get('/', cookie)).text
  const token = /name="token"\s+value="([^"]*)"/.exec(page)?.[1] ?? ''
  const { status, headers } = await world.post('/sign-out', { token }, { cookie })
  expect(status).toBe(303)
  expect(headers.get('set-cookie')).toMatch(/^cupel=; Path=\/; Max-Age=0; /)
})

test.each(['PUT', 'DELETE', 'PATCH'])('%s is refused', async method => {
  const answer = await world.get('/experiments', await world.signIn(), method)
  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toBe('GET, HEAD')
})
