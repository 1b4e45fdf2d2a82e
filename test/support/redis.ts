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

/** A Redis of its own on a free port, nothing kept. */
export async function startRedis(): Promise<{ url: string; stop(): Promise<void> }> {
  const probe = createServer()
  await new Promise<void>(done => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address() as AddressInfo
  await new Promise(done => probe.close(done))
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<void>(done => child.once('exit', () => done()))
  await new Promise<void>((done, fail) => {
    child.once('error', fail)
    child.once('exit', code => fail(new Error(`redis-server ended (${code})`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => text.includes('Ready to accept') && done())
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
