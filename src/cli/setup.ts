import { randomBytes } from 'node:crypto'
import { access, constants, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { Command } from 'commander'
import type { Logger } from 'pino'
import { appManifest, exchangeCode, registerUrl } from '../adapters/github/manifest.ts'
import { listen } from '../adapters/system/listen.ts'
import { createLog } from '../adapters/system/log.ts'
import { asFault, Fault } from '../core/fault.ts'
import { readEnvFile, withVariables, writeEnvFile } from './env-file.ts'
import { donePage, errorPage, startPage } from './setup-page.ts'

export interface SetupOptions {
  /** Where GitHub reaches Cupel's web process from outside. */
  url: string
  org?: string
  name?: string
  resolveThreads?: boolean
  host: string
  port: number
  file: string
}

export interface SetupWorld {
  env: Readonly<Record<string, string | undefined>>
  print: (line: string) => void
  log: Logger
}

/** `cupel setup`: registers the App on GitHub by its manifest flow and writes what comes back into .env. */
export function setupCommand(): Command {
  return (
    new Command('setup')
      .description('register the App on GitHub and write its key and secret into .env')
      .requiredOption('--url <url>', 'where GitHub reaches Cupel, such as https://cupel.example.com')
      .option('--org <name>', 'the organisation that is to own the App; without it, you do')
      .option('--name <name>', 'the App’s name, unique on GitHub')
      .option(
        '--resolve-threads',
        'also ask for contents: write, without which GitHub lets no App resolve threads',
      )
      .option('--host <address>', 'where the page for your browser is served', '127.0.0.1')
      .option('--port <number>', 'its port', port, 3456)
      // Not --env-file: Node.js takes that word for itself, wherever it stands.
      .option('--file <path>', 'the file to write to', '.env')
      .action(async (options: SetupOptions) => {
        await setUp(options, {
          env: process.env,
          print: line => void process.stdout.write(`${line}\n`),
          log: createLog({ level: 'warn', name: 'setup' }),
        })
      })
  )
}

/** Resolves once the App is registered and the file written; until then the page stays up. */
export async function setUp(options: SetupOptions, world: SetupWorld): Promise<void> {
  const webhookUrl = webhookUrlOf(options.url)
  refuseSecondApp(world.env, await readEnvFile(options.file), options.file)
  await refuseReadOnly(options.file)
  const yaml = await readFile(new URL('../../app.yml', import.meta.url), 'utf8')
  const state = randomBytes(16).toString('hex')
  const finished = Promise.withResolvers<string>()
  let origin = ''
  let busy = false

  const answer = async (request: IncomingMessage): Promise<{ status: number; html: string }> => {
    // A page on the web that has its name point here is not to read the state, or to finish with an App of its own.
    if (`http://${request.headers.host}` !== origin) return { status: 421, html: errorPage('Wrong host.') }
    const { pathname, searchParams } = new URL(request.url ?? '/', origin)
    if (request.method !== 'GET') return { status: 405, html: errorPage('Only GET is served here.') }
    if (pathname === '/') {
      const manifest = appManifest(yaml, {
        webhookUrl,
        redirectUrl: `${origin}/registered`,
        name: options.name,
        resolveThreads: options.resolveThreads ?? false,
      })
      return {
        status: 200,
        html: startPage({ registerUrl: registerUrl(world.env, options.org, state), manifest }),
      }
    }
    if (pathname !== '/registered') return { status: 404, html: errorPage('There is no such page.') }
    const code = searchParams.get('code') ?? ''
    if (searchParams.get('state') !== state || !/^[\w-]{1,200}$/.test(code))
      return { status: 400, html: errorPage('This link is not from the page that this command shows.') }
    if (busy) return { status: 409, html: errorPage('The App is being registered already.') }
    busy = true
    try {
      const installUrl = await register(options, world, code)
      finished.resolve(installUrl)
      return { status: 200, html: donePage({ installUrl, file: options.file }) }
    } catch (error) {
      busy = false
      const fault = asFault(error)
      world.log.error({ fault: fault.code }, 'the App was not registered')
      return { status: 502, html: errorPage(fault.message) }
    }
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, html }) => send(response, status, html),
      (error: unknown) => {
        world.log.error({ err: error }, 'the page failed')
        send(response, 500, errorPage('Something went wrong; see the terminal.'))
      },
    )
  })
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  origin = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`
  world.print(`Open ${origin}/ in your browser.`)
  world.print(
    `Is the browser on another machine? ssh -L ${port}:${options.host}:${port} <this machine>, then open it there.`,
  )
  const installUrl = await finished.promise
  server.close()
  server.closeIdleConnections()
  world.print(
    `Registered. ${options.file} holds APP_ID, PRIVATE_KEY and WEBHOOK_SECRET, readable by you only.`,
  )
  world.print(`Next: 1. install the App on repositories: ${installUrl}`)
  world.print(`      2. npm start, so that ${webhookUrl} answers`)
}

/** Writes the new App's identity; answers where it is installed. */
async function register(options: SetupOptions, world: SetupWorld, code: string): Promise<string> {
  const app = await exchangeCode(world.env, code, world.log)
  const text = await readEnvFile(options.file)
  const known = parseEnv(text)
  // Whoever set them for this command only needs them at every start.
  const enterprise = ['GHE_HOST', 'GHE_PROTOCOL'].flatMap(name => {
    const value = world.env[name]
    return value && !known[name] ? [[name, value] as const] : []
  })
  await writeEnvFile(
    options.file,
    withVariables(text, {
      ...Object.fromEntries(enterprise),
      APP_ID: String(app.id),
      // One line without quotes is read alike by Node.js, shells, systemd and container engines.
      PRIVATE_KEY: Buffer.from(app.pem).toString('base64'),
      ...(app.webhook_secret !== null && { WEBHOOK_SECRET: app.webhook_secret }),
    }),
  )
  if (app.webhook_secret === null)
    world.print('GitHub made no webhook secret: set one in the App’s settings and as WEBHOOK_SECRET.')
  return `${app.html_url}/installations/new`
}

function refuseSecondApp(env: SetupWorld['env'], text: string, file: string): void {
  const known = parseEnv(text)
  const set = ['APP_ID', 'PRIVATE_KEY', 'PRIVATE_KEY_PATH', 'WEBHOOK_SECRET'].filter(
    name => env[name] || known[name],
  )
  if (set.length === 0) return
  throw new Fault(
    'configuration-invalid',
    `An App is set up already: ${set.join(', ')} has a value in ${file} or in the environment. Remove it to register another.`,
    { retry: 'never' },
  )
}

/** Checked before the App exists: its key is shown only once. */
async function refuseReadOnly(file: string): Promise<void> {
  const folder = dirname(resolve(file))
  await access(folder, constants.W_OK).catch(() => {
    throw new Fault('configuration-invalid', `${folder} cannot be written to`, { retry: 'never' })
  })
}

function webhookUrlOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.search !== '' || url.hash !== '')
    throw new Fault(
      'configuration-invalid',
      '--url is not an address; write one such as https://cupel.example.com',
      { retry: 'never' },
    )
  return `${url.href.replace(/\/$/, '')}/api/github/webhooks`
}

function port(text: string): number {
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number <= 65_535) return number
  throw new Fault('configuration-invalid', '--port is not a port; write 0 to 65535', { retry: 'never' })
}

function send(response: ServerResponse, status: number, html: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    .end(html)
}
