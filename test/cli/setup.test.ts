import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectApp } from '../../src/adapters/github/connect.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { readEnvironment } from '../../src/adapters/system/environment.ts'
import { withVariables } from '../../src/cli/env-file.ts'
import { setUp, type SetupOptions } from '../../src/cli/setup.ts'
import { setup as localGitHub, type Setup } from '../adapters/github/setup.ts'

const log = pino({ level: 'silent' })
let world: Setup
let dir: string
let envFile: string

beforeAll(async () => {
  world = await localGitHub({ permissions: { metadata: 'read' } })
})
afterAll(() => world?.close())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cupel-setup-'))
  envFile = join(dir, '.env')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const enterprise = () => ({ GHE_HOST: new URL(world.github.url).host, GHE_PROTOCOL: 'http' })

/** Starts `cupel setup`; answers the page's address and the lines printed so far. */
const begin = async (more: Partial<SetupOptions> = {}) => {
  const lines: string[] = []
  const listening = Promise.withResolvers<string>()
  const done = setUp(
    { url: 'https://cupel.example.com/', host: '127.0.0.1', port: 0, file: envFile, ...more },
    {
      env: enterprise(),
      log,
      print: line => {
        lines.push(line)
        const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
        if (address) listening.resolve(address)
      },
    },
  )
  done.catch(listening.reject)
  return { origin: await listening.promise, lines, done }
}

const unescape = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&')

/** What a browser does: reads the form, sends it, and answers where GitHub redirects to. */
const agree = async (origin: string) => {
  const html = await (await fetch(origin)).text()
  const action = unescape(/action="([^"]+)"/.exec(html)?.[1] ?? '')
  const manifest = unescape(/name="manifest" value="([^"]+)"/.exec(html)?.[1] ?? '')
  const body = new URLSearchParams({ manifest })
  const answer = await fetch(action, { method: 'POST', body, redirect: 'manual' })
  return {
    action: new URL(action),
    manifest: JSON.parse(manifest) as { default_permissions: object; hook_attributes: object },
    status: answer.status,
    location: answer.headers.get('location') ?? '',
  }
}

describe('cupel setup', () => {
  it('registers the App of app.yml and writes an environment that starts it, keeping what was there', async () => {
    await writeFile(envFile, '# mine\nOPENAI_API_KEY=sk-x\nAPP_ID=\nLOG_LEVEL=debug', { mode: 0o644 })
    const { origin, lines, done } = await begin({ org: 'acme' })
    const agreed = await agree(origin)
    expect(agreed.action.pathname).toBe('/organizations/acme/settings/apps/new')
    expect(agreed.manifest.hook_attributes).toEqual({
      url: 'https://cupel.example.com/api/github/webhooks',
      active: true,
    })
    const page = await fetch(agreed.location)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('/installations/new')])
    await done

    const text = await readFile(envFile, 'utf8')
    expect(text.split('\n').map(line => line.replace(/=.*/, ''))).toEqual([
      '# mine',
      'OPENAI_API_KEY',
      'APP_ID',
      'LOG_LEVEL',
      'GHE_HOST',
      'GHE_PROTOCOL',
      'PRIVATE_KEY',
      'WEBHOOK_SECRET',
      '',
    ])
    expect((await stat(envFile)).mode & 0o777).toBe(0o600)
    expect(lines.join('\n')).toContain('/apps/cupel/installations/new')
    expect(lines.join('\n')).not.toContain('BEGIN')

    const environment = readEnvironment(parseEnv(text))
    expect(environment.webhookSecrets).toEqual(['s'])
    const app = await connectApp({
      id: environment.app?.id ?? 0,
      privateKey: environment.app?.privateKey ?? '',
      baseUrl: environment.githubApiUrl,
      log,
      clock: systemClock,
    })
    expect(app.botLogin).toBe('cupel[bot]')
    expect(world.github.validationErrors).toEqual([])
  })

  it.each([
    [false, 'read'],
    [true, 'write'],
  ])(
    'with --resolve-threads %s asks for contents: %s, and for nothing else more',
    async (resolveThreads, contents) => {
      const { origin, done } = await begin({ resolveThreads })
      const agreed = await agree(origin)
      expect(agreed.manifest.default_permissions).toEqual({
        checks: 'write',
        contents,
        issues: 'write',
        metadata: 'read',
        pull_requests: 'write',
      })
      await fetch(agreed.location)
      await done
    },
  )

  it.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'x'), 400],
    ['no code', (url: URL) => url.searchParams.delete('code'), 400],
    ['a code with a path in it', (url: URL) => url.searchParams.set('code', '../x'), 400],
    ['a code GitHub does not know', (url: URL) => url.searchParams.set('code', 'abc'), 502],
  ])(
    'takes no redirect with %s, writes nothing, and stays for the right one',
    async (_what, change, status) => {
      const { origin, done } = await begin()
      const { location } = await agree(origin)
      const wrong = new URL(location)
      change(wrong)
      expect((await fetch(wrong)).status).toBe(status)
      await expect(stat(envFile)).rejects.toMatchObject({ code: 'ENOENT' })
      expect((await fetch(location)).status).toBe(200)
      await done
    },
  )

  it('answers nobody who came by another host name', async () => {
    const { origin, done } = await begin()
    const status = await new Promise(resolve => {
      request(origin, { headers: { host: 'evil.example' } }, response => {
        response.resume()
        resolve(response.statusCode)
      }).end()
    })
    expect(status).toBe(421)
    await fetch((await agree(origin)).location)
    await done
  })

  it.each(['APP_ID=1', 'PRIVATE_KEY=abc', 'PRIVATE_KEY_PATH=key.pem', "WEBHOOK_SECRET='s'"])(
    'does not begin over an App that is set up already (%s)',
    async line => {
      await writeFile(envFile, `${line}\n`)
      await expect(begin()).rejects.toMatchObject({
        code: 'configuration-invalid',
        message: expect.stringContaining(line.replace(/=.*/, '')),
      })
      expect(await readFile(envFile, 'utf8')).toBe(`${line}\n`)
    },
  )

  it.each(['cupel.example.com', 'ftp://x', 'https://x/?a=1', ''])('refuses --url %j', async url => {
    await expect(begin({ url })).rejects.toMatchObject({ code: 'configuration-invalid' })
  })

  it('refuses a file it could not write, before the App exists', async () => {
    await expect(begin({ file: join(dir, 'missing', '.env') })).rejects.toMatchObject({
      code: 'configuration-invalid',
    })
  })

  it('writes through a symbolic link', async () => {
    await mkdir(join(dir, 'real'))
    await writeFile(join(dir, 'real', 'env'), 'A=1\n')
    await symlink(join(dir, 'real', 'env'), envFile)
    const { origin, done } = await begin()
    await fetch((await agree(origin)).location)
    await done
    expect(parseEnv(await readFile(join(dir, 'real', 'env'), 'utf8'))).toMatchObject({ A: '1', APP_ID: '7' })
  })
})

describe('withVariables', () => {
  it.each([
    ['an empty file', '', 'A=1\n'],
    ['a file without an end of line', 'B=2', 'B=2\nA=1\n'],
    ['a line without a value', 'A=\nB=2\n', 'A=1\nB=2\n'],
    ['a quoted line without a value', 'export A=""\nB=2\n', 'A=1\nB=2\n'],
    ['a comment that names it', '# A=\n', '# A=\nA=1\n'],
    ['a longer name', 'AA=\n', 'AA=\nA=1\n'],
  ])('fills in %s', (_what, before, after) => {
    expect(withVariables(before, { A: '1' })).toBe(after)
  })

  it.each(['sk+/=.:@-x', 'two words', 'a"b', '$HOME', '#x', String.raw`a\nb`])(
    'writes %j so that it is read back',
    value => {
      expect(parseEnv(withVariables('', { A: value }))['A']).toBe(value)
    },
  )

  it('loses no value that is there', () => {
    expect(() => withVariables('A=0\n', { A: '1' })).toThrow('A has a value already')
  })
})
