import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { pino } from 'pino'
import { migrate } from '../../src/adapters/postgres/migrate.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { roleUrl } from '../../src/adapters/postgres/roles.ts'
import { canonicalJson, configurationId } from '../../src/core/ids.ts'
import type { Configuration } from '../../src/core/configuration.ts'
import { startModelStub, type ModelStub } from '../models/stub.ts'
import { startEmbeddedPostgres } from '../postgres.ts'
import { startArchive } from './archive.ts'
import { startCalendar, type Calendar } from './calendar.ts'
import { startExperiments, type Experimenting } from './experiments.ts'
import { startGitHub, type GitHub } from './github.ts'
import { startGate, type Gate } from './gate.ts'
import { administrator } from './maintainers.ts'
import { peopleOf, type People } from './people.ts'
import { startProduction, type Production } from './production.ts'
import type { Place } from './pull-requests.ts'
import { answerOf } from './reviewers.ts'

/** Everything of one life. Real: database, roles, doors, web door, jobs, gate. Pretended: GitHub, models, people, calendar. */
export interface CycleWorld {
  seed: string
  ownerUrl: string
  owner: pg.Pool
  operator: pg.Pool
  github: GitHub
  production: Production
  experiments: Experimenting
  gate: Gate
  people: People
  calendar: Calendar
  /** The models that production asks; experiments ask others, by keys of their own. */
  models: ModelStub
  /** What the lines of pull requests are about, by their words. */
  places: Map<string, Place>
  /** Makes production's models wait so long before each answer, ms on the real clock. */
  slowDown(ms: number): void
  /** An administrator proposes an experiment. Answers its id. */
  propose(name: string, configuration: Configuration): Promise<string>
  /** Whatever a part of the system called an error. */
  errors: string[]
  close(): Promise<void>
}

export async function startCycleWorld(options: {
  dataDir: string
  seed: string
  configuration: Configuration
  /** A migrated database's owner; without it an embedded server of its own. */
  ownerUrl?: string
}): Promise<CycleWorld> {
  const { seed } = options
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const errors: string[] = []
    const log = pino(
      { level: 'error' },
      { write: line => void errors.push(wordsOf(JSON.parse(line) as Logged)) },
    )
    const ownerUrl = options.ownerUrl ?? (await embedded(options.dataDir, closers))
    const owner = openPool(ownerUrl, { log, statementTimeoutMs: 120_000 })
    const operator = openPool(roleUrl(ownerUrl, 'cupel_operator'), { log })
    closers.push(() => Promise.all([owner.end(), operator.end()]))
    const places = new Map<string, Place>()
    const answer = answerOf(seed, word => places.get(word))
    let waitMs = 0
    const models = await startModelStub({
      async answer(prompt) {
        if (waitMs > 0) await sleep(waitMs)
        return answer(prompt)
      },
    })
    const ownModels = await startModelStub({ answer })
    closers.push(() => Promise.all([models.close(), ownModels.close()]))
    const github = await startGitHub(options.dataDir)
    closers.push(() => github.close())
    const production = await startProduction({
      ...options,
      ownerUrl,
      github,
      openAiUrl: models.openAiUrl,
      administrator,
      log,
    })
    closers.push(() => production.close())
    const archive = await startArchive({ ownerUrl, log })
    closers.push(() => archive.close())
    const experiments = startExperiments({
      ownerUrl,
      openAiUrl: ownModels.openAiUrl,
      archiveUrl: archive.url,
      log,
    })
    closers.push(() => experiments.close())
    const gate = startGate({ ownerUrl, seed, log })
    closers.push(() => gate.close())
    const calendar = await startCalendar(owner)
    const people = peopleOf({ github, operator, seed, truthOf: word => places.get(word) })
    return {
      seed,
      ownerUrl,
      owner,
      operator,
      github,
      production,
      experiments,
      gate,
      people,
      calendar,
      models,
      places,
      errors,
      slowDown: ms => void (waitMs = ms),
      propose: (name, configuration) => propose(operator, name, configuration),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function embedded(dataDir: string, closers: (() => Promise<unknown>)[]): Promise<string> {
  const database = await startEmbeddedPostgres({
    dataDir: join(dataDir, `cycle-${process.pid}`),
    persistent: false,
  })
  closers.push(() => database.stop())
  await migrate(database.ownerUrl)
  return database.ownerUrl
}

async function propose(operator: pg.Pool, name: string, configuration: Configuration): Promise<string> {
  const { rows } = await operator.query<{ id: string }>(
    'select doors.propose_experiment($1, $2, null, 1, $3, $4, $5) as id',
    [name, 'ana', 500, canonicalJson(configuration), configurationId(configuration)],
  )
  return (rows[0] as { id: string }).id
}

interface Logged {
  msg: string
  err?: { message?: string }
}

function wordsOf({ msg, err }: Logged): string {
  return err?.message === undefined ? msg : `${msg}: ${err.message}`
}
