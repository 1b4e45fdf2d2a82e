import { spawn, spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'

const found = spawnSync('redis-server', ['--version']).status === 0

/** Why tests on Redis do not run here, or undefined when they do. Throws when skipping is not allowed. */
export function redisMissing(): string | undefined {
  if (found) return undefined
  if (process.env['CUPEL_TEST_NO_SKIP'] === '1')
    throw new Error('redis-server is not on PATH, and skipping is an error')
  return 'skipped: redis-server is not on PATH'
}

/** A Redis of its own on a free port, nothing kept; with `dir`, every write is kept there, and `port` says where it was. */
export async function startRedis(kept?: {
  dir: string
  port?: number
}): Promise<{ url: string; port: number; stop(): Promise<void> }> {
  const port = kept?.port ?? (await freePort())
  const keeping = kept
    ? ['--dir', kept.dir, '--appendonly', 'yes', '--appendfsync', 'always']
    : ['--appendonly', 'no']
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...keeping]
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<void>(done => child.once('exit', () => done()))
  await new Promise<void>((done, fail) => {
    child.once('error', fail)
    child.once('exit', code => fail(new Error(`redis-server ended (${code})`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => text.includes('Ready to accept') && done())
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stop: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(done => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address() as AddressInfo
  await new Promise(done => probe.close(done))
  return port
}
