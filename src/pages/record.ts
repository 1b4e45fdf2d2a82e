import { eligibility } from '../core/gate/failure.ts'
import { html, type Markup, type Shown } from '../core/report/html.ts'
import type { ArchivedRecord } from '../ports/archive.ts'
import { facts, json, list, section, table, time } from './parts.ts'

/** The columns of a list of records beside the first, which links to one. */
export const recordHeadings = ['Record', 'Of', 'Outcome', 'Archived (UTC)', 'May be tried again']

export function recordCells(record: ArchivedRecord, first: Markup) {
  return [first, recordOf(record), record.outcome, time(record.quarantinedAt), eligibilityWords(record)]
}

/** Never is said with its reason, where there is one. */
export function eligibilityWords(record: ArchivedRecord): string {
  return record.blacklisted === null
    ? eligibility(record)
    : `${eligibility(record)}: blacklisted, ${record.blacklisted}`
}

/** What failed, why, with which figures, and what shares its parts. Of JSON that this version does not know, all is shown. */
export function recordBody(
  record: ArchivedRecord,
  configuration: unknown,
  of: Shown = recordOf(record),
): Markup {
  return html`${facts([
    ['What failed', of],
    ['Outcome', record.outcome],
    ['Archived (UTC)', time(record.quarantinedAt)],
    ['May be tried again', eligibilityWords(record)],
  ])}
  ${reasons(record.failureReasons)} ${section('Figures at that time', json(record.metricsAtFailure))}
  ${section('What else shares its parts', impact(record.impactAnalysis))}
  ${section('Configuration', html`<p><code>${record.configurationId}</code></p>`, json(configuration))}`
}

function recordOf({ releaseId, experimentId }: ArchivedRecord): string {
  return releaseId === null ? `experiment ${experimentId}` : `release ${releaseId}`
}

function reasons(stored: unknown): Markup {
  const { reasons: why, examples } = Object(stored) as { reasons?: unknown; examples?: unknown }
  const known = Array.isArray(why) && why.every(isReason)
  if (!known) return section('Why it failed', json(stored))
  return html`${section('Why it failed', list(why.map(each => `${each.class}: ${each.words}`)))}
  ${
    Array.isArray(examples) && examples.length > 0
      ? section(
          'Examples: findings that people judged wrong',
          examples.map(each => json(each)),
        )
      : null
  }`
}

function isReason(value: unknown): value is { class: string; words: string } {
  const { class: kind, words } = Object(value) as { class?: unknown; words?: unknown }
  return typeof kind === 'string' && typeof words === 'string'
}

function impact(stored: unknown): Markup {
  if (Array.isArray(stored) && stored.length === 0) return html`<p>Nothing does.</p>`
  if (!Array.isArray(stored) || !stored.every(isImpact)) return json(stored)
  return table(
    'What else shares its parts',
    ['What', 'State', 'Shares', 'What is done about it'],
    stored.map(({ kind, id, state, shares, action }) => [`${kind} ${id}`, state, shares.join(', '), action]),
  )
}

function isImpact(
  value: unknown,
): value is { kind: string; id: string; state: string; shares: string[]; action: string } {
  const { kind, id, state, shares, action } = Object(value) as Record<string, unknown>
  return (
    [kind, id, state, action].every(each => typeof each === 'string') &&
    Array.isArray(shares) &&
    shares.every(each => typeof each === 'string')
  )
}
