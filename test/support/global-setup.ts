import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../sandbox/postgres.ts'
import { migrate } from '../../src/adapters/postgres/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseService: string
  }
}

/** One database server per run, started when the first test file asks for it: most files need none. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let server: EmbeddedPostgres | undefined
  let started: Promise<string> | undefined
  const start = async (): Promise<string> => {
    server = await startEmbeddedPostgres({
      dataDir: await mkdtemp(join(tmpdir(), 'cupel-test-')),
      persistent: false,
    })
    const owner = new pg.Client({ connectionString: server.ownerUrl })
    await owner.connect()
    await owner.query('create database cupel_template')
    await owner.end()
    const template = new URL(server.ownerUrl)
    template.pathname = '/cupel_template'
    await migrate(template.href)
    return server.ownerUrl
  }
  const service = createServer((_request, response) => {
    void (started ??= start()).then(
      url => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>(done => service.listen(0, '127.0.0.1', done))
  project.provide('databaseService', `http://127.0.0.1:${(service.address() as AddressInfo).port}/`)
  return async () => {
    service.close()
    await started?.catch(() => {})
    await server?.stop()
  }
}
