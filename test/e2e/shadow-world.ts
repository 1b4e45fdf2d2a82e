import { createHash, createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LoggedRequest } from '../../sandbox/github/server.ts'
import type { Prompt, Reply } from '../../sandbox/models/reply.ts'
import { readPrivateKey } from '../../src/adapters/system/private-key.ts'
import { drawSample } from '../../src/core/sample.ts'
import { configurationOf } from '../support/fakes.ts'
import { givenIn } from '../jobs/experiments/given.ts'
import { environmentOf, type RunningProcess } from './process.ts'
import { startWorld, type Backend, type World } from './world.ts'

/** A world with its experiments worker and its gate, and what each process opened connections to. */
export interface ShadowWorld extends World {
  experiments: RunningProcess
  gate: RunningProcess
  kill(who: Worker): Promise<void>
  restart(who: Worker): Promise<void>
  /** Requests to the local GitHub that came over connections which this process opened. */
  requestsFrom(who: string): LoggedRequest[]
  /** Adds a trial that asks one model once and is never late. Answers its id. */
  propose(name: string, model: string): Promise<string>
}
export type Worker = 'production' | 'experiments' | 'gate'

export async function startShadowWorld(
  backend: Backend,
  answer: (prompt: Prompt) => Reply | Promise<Reply>,
): Promise<ShadowWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'cupel-connections-'))
  const fileOf = (name: string): string => join(folder, name)
  const recorder = pathToFileURL(join(import.meta.dirname, 'connections.ts')).href
  const world = await startWorld({
    backend,
    answer,
    environment: {
      CUPEL_SAMPLE_RATE: '1',
      CUPEL_EXPERIMENTS_OPENAI_API_KEY: 'stub-key',
      CUPEL_EXPERIMENTS_REQUESTS_PER_MINUTE: '6000',
      CUPEL_GATE_SECONDS: '1',
      // Nothing is drawn for blind judges, or finality would wait for them.
      CUPEL_JUDGING_BUDGET: '0',
    },
    nodeOptions: name => ['--import', `${recorder}?file=${encodeURIComponent(fileOf(name))}`],
  })
  const closeWorld = world.close
  const closeAll = async (): Promise<void> => {
    await Promise.all([shadow.experiments?.stop(), shadow.gate?.stop()])
    await closeWorld()
    await rm(folder, { recursive: true, force: true })
  }
  const shadow: ShadowWorld = Object.assign(world, {
    experiments: undefined as unknown as RunningProcess,
    gate: undefined as unknown as RunningProcess,
    kill: (who: Worker) => (who === 'production' ? world.worker : shadow[who]).kill(),
    async restart(who: Worker) {
      if (who === 'production') await world.startWorker()
      else shadow[who] = await world.start(who)
    },
    requestsFrom(who: string) {
      const opened = existsSync(fileOf(who)) ? readFileSync(fileOf(who), 'utf8').split('\n') : []
      const github = new URL(world.github.url).port
      const ports = new Set(
        opened.flatMap(line => {
          const [own, other] = line.split(' ')
          return other === github ? [Number(own)] : []
        }),
      )
      return world.github.requests.filter(request => ports.has(request.port))
    },
    propose(name: string, model: string) {
      const { limits } = configurationOf()
      return givenIn(world.database).experiment(
        configurationOf({
          routing: { strategy: 'primary', primary: { provider: 'openai', model, maxOutputTokens: 4_000 } },
          limits: { ...limits, deadlineMs: 60_000, abortMs: 60_000 },
        }),
        { name },
      )
    },
    log: () =>
      [world.web, world.worker, shadow.experiments, shadow.gate].map(each => each?.tail() ?? '').join('\n'),
    close: closeAll,
  })
  try {
    ;[shadow.experiments, shadow.gate] = await Promise.all([world.start('experiments'), world.start('gate')])
    return shadow
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Which split the sample of a pull request will be in: production's secret decides, and so does the door. */
export function splitOf(world: ShadowWorld, sampleId: string): 'training' | 'evaluation' {
  const key = readPrivateKey(environmentOf(world.worker.pid)['PRIVATE_KEY'], undefined, String)
  if (key.kind !== 'key') throw new Error('no private key')
  const secret = createHmac('sha256', key.pem).update('cupel sampling').digest('hex')
  const { seed } = drawSample(secret, sampleId, 1)
  return createHash('sha256').update(`split/${seed}`).digest().readUInt8() < 51 ? 'training' : 'evaluation'
}
