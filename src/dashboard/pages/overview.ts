import { pauseWords } from '../../core/gate/standing-text.ts'
import { promised, promisedUptime } from '../../core/gate/watch.ts'
import { html, type Markup } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { badge, facts, link, section, table, time } from '../../pages/parts.ts'
import { recordCells, recordHeadings } from '../../pages/record.ts'
import type { AuditEntry } from '../../ports/dashboard.ts'
import type {
  PublishedExperiment,
  PublishedRecord,
  PublishedRelease,
  PublishedSettings,
  PublishedSlo,
  PublishedVerdict,
} from '../../ports/published.ts'
import { auditTable } from './audit.ts'
import { experimentTable, verdictTable } from './experiments.ts'
import { percent, releaseTable } from './releases.ts'

const SHOWN = 5

export interface Glance {
  settings: PublishedSettings
  slo: PublishedSlo
  releases: readonly PublishedRelease[]
  experiments: readonly PublishedExperiment[]
  lastWords: readonly PublishedVerdict[]
  records: readonly PublishedRecord[]
  audit: readonly AuditEntry[]
}

/** The whole cycle at a glance, zone by zone. */
export function overviewPage(glance: Glance): Page {
  const { settings, slo, releases, experiments, lastWords, records, audit } = glance
  const onTrial = experiments.filter(({ state }) => state === 'active')
  return {
    title: 'The cycle at a glance',
    body: html`${section('V2: production', inForce(releases), promises(slo))}
    ${section(
      'V1: experiments on trial',
      onTrial.length === 0 ? html`<p>None.</p>` : experimentTable(onTrial, lastWords),
    )}
    ${section('Gate', gateState(settings), verdictTable(lastWords.slice(0, SHOWN), experiments))}
    ${section(
      'V3: quarantine',
      html`<p>${records.length === 1 ? '1 record' : `${records.length} records`} archived.</p>`,
      records.length === 0
        ? null
        : table(
            'Newest records',
            recordHeadings,
            records.slice(0, SHOWN).map(record => recordCells(record, link('quarantine', record.id))),
          ),
    )}
    ${section('Audit log', auditTable(audit), html`<p><a href="/audit">All of it</a></p>`)}`,
  }
}

function gateState({ pause, promotion }: PublishedSettings): Markup {
  const approval = promotion === 'approve' ? ' Each promotion waits for a person to ask for it.' : ''
  if (!pause?.paused) return html`<p>The gate is at work.${approval}</p>`
  return html`<div class="notice warm" role="status">
    <p>
      Since ${time(pause.at)} ${pauseWords(pause)}. <code>cupel gate resume REASON</code> ends it.${approval}
    </p>
  </div>`
}

function inForce(releases: readonly PublishedRelease[]): Markup {
  const reviewing = releases.filter(each => each.inForce || each.step === 'canary' || each.step === 'smoke')
  return releaseTable(reviewing.toReversed())
}

function promises({ reviews, responseP95Ms, errorRate, uptime }: PublishedSlo): Markup {
  return facts([
    ['Reviews of the last 24 hours', reviews],
    [
      `Response, p95 (at most ${promised.responseMs} ms)`,
      held(responseP95Ms, value => value <= promised.responseMs, `${Math.round(responseP95Ms ?? 0)} ms`),
    ],
    [
      `Ended in an error (at most ${percent(promised.errorRate)})`,
      held(errorRate, value => value <= promised.errorRate, percent(errorRate ?? 0)),
    ],
    [
      `A worker was alive (at least ${percent(promisedUptime)})`,
      held(
        uptime,
        value => value >= promisedUptime,
        `${Number((100 * (uptime ?? 0)).toFixed(2))} % of the minutes`,
      ),
    ],
  ])
}

/** What was not measured is neither kept nor broken. */
function held(value: number | null, kept: (value: number) => boolean, words: string): Markup | string {
  if (value === null) return 'not measured'
  return html`${words} ${kept(value) ? badge('kept', 'good') : badge('broken', 'bad')}`
}
