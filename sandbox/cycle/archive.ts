import type { AddressInfo } from 'node:net'
import type { Logger } from 'probot'
import { archive } from '../../src/adapters/postgres/archive.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { roleUrl } from '../../src/adapters/postgres/roles.ts'
import { createArchiveServer } from '../../src/archive/server.ts'

/** V3's read-only server, with its own database role. */
export async function startArchive(options: {
  ownerUrl: string
  log: Logger
}): Promise<{ url: string; close(): Promise<void> }> {
  const pool = openPool(roleUrl(options.ownerUrl, 'cupel_archive'), { log: options.log })
  const server = createArchiveServer({
    archive: archive(pool),
    metrics: { contentType: 'text/plain', render: async () => '' },
    log: options.log,
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await pool.end()
    },
  }
}
