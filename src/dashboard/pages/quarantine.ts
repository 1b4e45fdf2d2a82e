import { html } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { link, section, table } from '../../pages/parts.ts'
import { recordBody, recordCells, recordHeadings } from '../../pages/record.ts'
import type { PublishedRecord } from '../../ports/published.ts'
import { askForm, type FormMarks } from '../forms.ts'

export function quarantinePage(records: readonly PublishedRecord[]): Page {
  return {
    title: 'Quarantine',
    body:
      records.length === 0
        ? html`<p>Nothing has failed yet.</p>`
        : table(
            'Records',
            recordHeadings,
            records.map(record => recordCells(record, link('quarantine', record.id))),
          ),
  }
}

export function recordPage(record: PublishedRecord, marks: FormMarks, now: Date): Page {
  const { id, experimentId, releaseId, blacklisted, eligibleFrom } = record
  const eligible = blacklisted === null && eligibleFrom !== null && eligibleFrom <= now
  const origin =
    releaseId !== null
      ? link('releases', releaseId, `release ${releaseId}`)
      : link('experiments', experimentId ?? '', `experiment ${experimentId}`)
  return {
    title: `Quarantine record ${id}`,
    body: html`${recordBody(record, JSON.parse(record.configuration), origin)}
    ${section(
      'Ask',
      eligible ? askForm('reevaluate', id, marks) : null,
      blacklisted === null
        ? askForm('blacklist', id, marks)
        : html`<p>It is blacklisted: nothing is to be asked.</p>`,
    )}`,
  }
}
