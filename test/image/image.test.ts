import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { metricsPorts } from '../../src/adapters/system/environment-role.ts'
import { variables } from '../../src/adapters/system/environment.ts'
import { processSpecs } from '../../src/supervisor/processes.ts'
import { instructions, lint } from './lint.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (name: string): string => readFileSync(`${root}${name}`, 'utf8')
const dockerfile = read('Dockerfile')
const all = instructions(dockerfile)
const last = (name: string): string => all.findLast(one => one.name === name)?.rest ?? ''

test('the Dockerfile keeps every rule', () => expect(lint(dockerfile)).toEqual([]))

it.each<[string, string | RegExp, string]>([
  ['name every base image by tag and digest', /@sha256:\w+ AS build/, ' AS build'],
  ['never take the tag latest', 'node:24-bookworm-slim@', 'node:latest@'],
  ['end with a USER who is a number and not 0', 'USER 65532:65532', 'USER node'],
  ['end with a USER who is a number and not 0', 'USER 65532:65532', 'USER 0'],
  ['COPY, never ADD', 'COPY src src', 'ADD src src'],
  ['copy named folders, never the whole context', 'COPY src src', 'COPY . .'],
  ['run nothing in the last stage, which has no shell', 'EXPOSE', 'RUN true\nEXPOSE'],
  ['install packages without recommendations, by version, and drop the lists in the same RUN', '=0.19.*', ''],
  [
    'install packages without recommendations, by version, and drop the lists in the same RUN',
    '--no-install-recommends ',
    '',
  ],
  ['install by the lock file, without scripts and development packages', '--ignore-scripts ', ''],
  ['install by the lock file, without scripts and development packages', 'npm ci', 'npm install'],
  ['set pipefail where commands run', 'pipefail', 'noglob'],
  ['WORKDIR is absolute', 'WORKDIR /app', 'WORKDIR app'],
  ['ENTRYPOINT, CMD and HEALTHCHECK in exec form, each once', /^CMD .*$/m, 'CMD node src/cli/main.ts'],
  ['an init as process 1', '"/tini", "--", ', ''],
  ['no secret in ARG or ENV', 'ARG REVISION=', 'ARG NPM_TOKEN='],
  ['labels say title, licence, version and revision', 'image.revision=', 'image.commit='],
])('a Dockerfile that does not “%s” is told so', (rule, from, to) => {
  const spoilt = dockerfile.replace(from, to)
  expect(spoilt).not.toBe(dockerfile)
  expect(lint(spoilt)).toContain(rule)
})

test('the flags of a process are those that the supervisor gives it', () => {
  const entrypoint = JSON.parse(last('ENTRYPOINT')) as string[]
  for (const { flags } of processSpecs({}, 'postgres://owner:password@host/db'))
    expect(entrypoint.slice(3)).toEqual(flags)
})

test('what is copied is what the context holds, and the context holds nothing else', () => {
  const copied = all
    .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from='))
    .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))
  const lines = read('.dockerignore')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
  expect(lines[0]).toBe('*')
  expect(
    lines
      .filter(line => line.startsWith('!'))
      .map(line => line.slice(1))
      .sort(),
  ).toEqual(copied.sort())
  expect(readdirSync(root)).toEqual(expect.arrayContaining(copied))
})

/** A file like that of process 1 in a container. */
function commandLine(module: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'cupel-cmdline-')), 'cmdline')
  writeFileSync(file, ['/tini', '--', '/nodejs/bin/node', module, ''].join('\0'))
  return file
}

describe('the health check', () => {
  let server: Server
  let status = 200
  beforeAll(async () => {
    server = createServer((request, response) =>
      response.writeHead(request.url === '/healthz' ? status : 404).end(),
    )
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  })
  afterAll(() => void server.close())
  const given = (JSON.parse(last('HEALTHCHECK').replace(/^.*CMD /, '')) as string[]).slice(1)
  const check = async (variable: string): Promise<number | null> => {
    const { port } = server.address() as AddressInfo
    const child = spawn(process.execPath, given, { env: { [variable]: String(port) }, stdio: 'ignore' })
    return new Promise(done => child.once('exit', done))
  }

  it.each([
    ['METRICS_PORT', 200, 0],
    ['PORT', 200, 0],
    ['PORT', 503, 1],
  ])('asks at %s; an answer of %i ends it with %i', async (variable, answer, code) => {
    status = answer
    expect(await check(variable)).toBe(code)
  })

  it.each([
    ['src/cli/main.ts', 3000],
    ['src/web/main.ts', 3000],
    ...Object.entries(metricsPorts).map(([role, port]): [string, number] => [
      ['archive', 'dashboard'].includes(role) ? `src/${role}/main.ts` : `jobs/${role}/main.ts`,
      port,
    ]),
  ])('asks %s, of which nobody said where it listens, at %i', (module, port) => {
    const script = (given[1] ?? '').replace('fetch(', '(async url => (console.log(url), { ok: true }))(')
    const asked = script.replace("'/proc/1/cmdline'", JSON.stringify(commandLine(module)))
    expect(asked).not.toBe(script)
    const { stdout } = spawnSync(process.execPath, ['-e', asked], { env: {}, encoding: 'utf8' })
    expect(stdout).toBe(`http://127.0.0.1:${port}/healthz\n`)
  })
})

describe('compose.yaml', () => {
  interface Service {
    image: string
    environment: Record<string, string>
    healthcheck?: object
    networks: string[]
    ports?: string[]
    [field: string]: unknown
  }
  const { services, networks } = parse(read('compose.yaml')) as {
    services: Record<'cupel' | 'postgres' | 'redis', Service>
    networks: Record<string, { internal?: boolean }>
  }

  it('runs Cupel with real PostgreSQL and Redis, neither of which is reached from outside', () => {
    expect(Object.keys(services)).toEqual(['cupel', 'postgres', 'redis'])
    expect(networks['data']?.internal).toBe(true)
    for (const name of ['postgres', 'redis'] as const) {
      expect(services[name].networks).toEqual(['data'])
      expect(services[name].ports).toBeUndefined()
      expect(services[name].image).toMatch(/@sha256:[0-9a-f]{64}$/)
      expect(services[name].healthcheck).toBeDefined()
    }
    expect(services.cupel.ports).toEqual(['127.0.0.1:3000:3000', '127.0.0.1:9468:9468'])
  })

  it('runs Cupel read-only and without capabilities', () => {
    expect(services.cupel).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
  })

  it('sets only variables that Cupel reads, and no secret in clear', () => {
    const renamed = /^CUPEL_EXPERIMENTS_(OPENAI|ANTHROPIC)_API_KEY$/
    const unknown = Object.keys(services.cupel.environment).filter(
      name => !variables.includes(name) && !renamed.test(name),
    )
    expect(unknown).toEqual([])
    for (const [name, value] of Object.entries({
      ...services.cupel.environment,
      ...services.postgres.environment,
    }))
      if (/KEY|SECRET|PASSWORD|URL/.test(name)) expect(value, name).toMatch(/\$\{\w+:[?-]/)
  })

  it('passes on every variable that Cupel reads, but for what the container or the supervisor decides', () => {
    const decided = [
      'ARCHIVE_URL',
      'CUPEL_DATA_DIR',
      'CUPEL_DEPLOYER',
      'HOST',
      'METRICS_PORT',
      'PORT',
      'PRIVATE_KEY_PATH',
    ]
    const given = services.cupel.environment
    expect(variables.filter(name => !(name in given)).sort()).toEqual(decided)
    for (const name of Object.keys(given).filter(name => name !== 'DATABASE_URL' && name !== 'REDIS_URL'))
      expect(given[name]).toMatch(new RegExp(String.raw`^\$\{${name}:[?-][^}]*\}$`))
  })

  it('Redis never evicts and writes what it takes', () => {
    expect(services.redis['command']).toEqual(
      expect.arrayContaining(['--maxmemory-policy', 'noeviction', '--appendonly', 'yes']),
    )
  })
})
