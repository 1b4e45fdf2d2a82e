import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Archive } from '../ports/archive.ts'
import type { Page } from '../pages/frame.ts'
import { pathParts, sendJson as send, sendPage } from '../pages/respond.ts'
import { archiveDocument, blacklistPage, recordPage, recordsPage } from './pages.ts'

const PAGE_RECORDS = 100

export interface ArchiveOptions {
  archive: Archive
  /** Exposition text for GET /metrics. */
  metrics: { contentType: string; render(): Promise<string> }
  log: { error(fields: object, message: string): void }
}

/** V3 over HTTP: pages for people, /api for V1's re-evaluation and for scripts. It answers GET and HEAD, and changes nothing. */
export function createArchiveServer({ archive, metrics, log }: ArchiveOptions): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, { error: 'the archive can only be read' }, { allow: 'GET, HEAD' })
    const url = new URL(request.url ?? '/', 'http://archive')
    answer(url, response).catch((error: unknown) => {
      log.error({ err: error }, 'the archive could not answer')
      if (!response.headersSent) send(response, 503, { error: 'the database does not answer; try again' })
    })
  })

  async function answer(url: URL, response: ServerResponse): Promise<void> {
    const [first = '', second = '', third = ''] = pathParts(url.pathname)
    const show = (page: Page): void => sendPage(response, 200, archiveDocument(page, url.pathname))
    switch (first) {
      case '': {
        const { records, more } = await list(url)
        return show(recordsPage(records, more))
      }
      case 'records': {
        const record = await archive.record(second)
        if (record === null) return send(response, 404, { error: `no record ${second}` })
        return show(recordPage(record, await archive.configuration(record.configurationId)))
      }
      case 'blacklist':
        return show(blacklistPage(await archive.blacklist()))
      case 'api':
        return api(url, second, third, response)
      case 'healthz':
        return send(response, 200, { status: 'alive' })
      case 'readyz':
        await archive.records(1, null)
        return send(response, 200, { status: 'ready' })
      case 'metrics':
        return void response
          .writeHead(200, { 'content-type': metrics.contentType })
          .end(await metrics.render())
      default:
        return send(response, 404, { error: 'not found' })
    }
  }

  async function api(url: URL, what: string, id: string, response: ServerResponse): Promise<void> {
    switch (what) {
      case 'records': {
        if (id === '') return send(response, 200, await list(url))
        const record = await archive.record(id)
        return record === null
          ? send(response, 404, { error: `no record ${id}` })
          : send(response, 200, record)
      }
      case 'configurations': {
        const configuration = await archive.configuration(id)
        if (configuration === null) return send(response, 404, { error: `no configuration ${id}` })
        // Byte for byte, so that whoever takes it can check its SHA-256 against the id.
        return send(response, 200, configuration)
      }
      case 'blacklist':
        return send(response, 200, await archive.blacklist())
      default:
        return send(response, 404, { error: 'not found; there are records, configurations and blacklist' })
    }
  }

  async function list(url: URL) {
    const found = await archive.records(PAGE_RECORDS + 1, url.searchParams.get('before'))
    const records = found.slice(0, PAGE_RECORDS)
    return { records, more: found.length > PAGE_RECORDS ? (records.at(-1)?.id ?? null) : null }
  }
}
