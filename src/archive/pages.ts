import { html } from '../core/report/html.ts'
import { documentOf, type Page, type Site } from '../pages/frame.ts'
import { link, table, time } from '../pages/parts.ts'
import { recordBody, recordCells, recordHeadings } from '../pages/record.ts'
import type { ArchivedRecord, BlacklistEntry } from '../ports/archive.ts'

const site: Site = {
  name: 'Cupel archive',
  navigation: [
    { href: '/', text: 'Quarantine' },
    { href: '/blacklist', text: 'Blacklist' },
  ],
}

export const archiveDocument = (page: Page, at: string): string => documentOf(site, page, at)

export function recordsPage(records: readonly ArchivedRecord[], more: string | null): Page {
  const body =
    records.length === 0
      ? html`<p>Nothing has failed yet: no experiment and no release is archived.</p>`
      : table(
          'Records',
          recordHeadings,
          records.map(record => recordCells(record, link('records', record.id))),
        )
  const next =
    more === null
      ? null
      : html`<p><a href="/?before=${encodeURIComponent(more)}" rel="next">Older records</a></p>`
  return { title: 'Quarantine', body: html`${body}${next}` }
}

export function recordPage(record: ArchivedRecord, configuration: string | null): Page {
  return {
    title: `Record ${record.id}`,
    body: recordBody(record, configuration === null ? null : JSON.parse(configuration)),
  }
}

export function blacklistPage(entries: readonly BlacklistEntry[]): Page {
  return {
    title: 'Blacklist',
    body:
      entries.length === 0
        ? html`<p>Nothing is blacklisted.</p>`
        : table(
            'What is never tried again',
            ['What', 'Fingerprint', 'Why', 'Since (UTC)'],
            entries.map(entry => [
              entry.kind,
              html`<code>${entry.fingerprint}</code>`,
              entry.reason,
              time(entry.listedAt),
            ]),
          ),
  }
}
