import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** Why tests with Prometheus do not run here, or undefined when they do. Throws when skipping is not allowed. */
export function prometheusMissing(): string | undefined {
  const missing = ['prometheus', 'promtool'].filter(
    name => spawnSync(name, ['--version'], { stdio: 'ignore' }).status !== 0,
  )
  if (missing.length === 0) return undefined
  if (process.env['CUPEL_TEST_NO_SKIP'] === '1')
    throw new Error(`${missing.join(' and ')} not on PATH, and skipping is an error`)
  return `skipped: ${missing.join(' and ')} not on PATH`
}

/** What promtool says of it; throws it where promtool does not agree. */
export function promtool(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`promtool ${words.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

export interface Prometheus {
  /** One path under /api/v1, its `data`. Throws what Prometheus has against it. */
  api<T>(path: string, parameters?: Record<string, string>): Promise<T>
  stop(): Promise<void>
}

/** A Prometheus on loopback that asks `targets` every second, by the rules in `ruleFile`. Nothing of it is kept. */
export async function startPrometheus(targets: readonly string[], ruleFile: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'cupel-prometheus-'))
  const port = await freePort()
  const every = '1s'
  await writeFile(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
      rule_files: [ruleFile],
      scrape_configs: [{ job_name: 'cupel', static_configs: [{ targets }] }],
    }),
  )
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-4_000)))
  const ended = new Promise<void>(done => child.once('close', () => done()))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${url}/-/ready`).then(
      answer => answer.ok,
      () => false,
    )
    if (ready) break
    if (child.exitCode !== null || tries > 300) {
      await stop()
      throw new Error(`prometheus did not start\n${said}`)
    }
    await new Promise(done => setTimeout(done, 100))
  }
  return {
    async api<T>(path: string, parameters: Record<string, string> = {}) {
      const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
      const body = (await answer.json()) as { status: string; error?: string; data: T }
      if (body.status !== 'success') throw new Error(`${path} ${JSON.stringify(parameters)}: ${body.error}`)
      return body.data
    },
    stop,
  }
}
