import { html, type Markup } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { facts, link, pathOf, table, time } from '../../pages/parts.ts'
import type { PublishedAction } from '../../ports/published.ts'
import { actionBadge } from './badges.ts'

const unanswered = 'the gate answers in its next turn'
/** The gate takes a turn every ten seconds, unless it is told otherwise. */
const REFRESH_SECONDS = 5

export function actionsPage(actions: readonly PublishedAction[]): Page {
  return {
    title: 'Asked of the gate',
    body:
      actions.length === 0
        ? html`<p>Nobody has asked for anything yet.</p>`
        : html`<p class="quiet">The newest, by comment, command line or dashboard.</p>
            ${table(
              'Actions',
              ['What', 'Of', 'By', 'From', 'Asked (UTC)', 'Answer'],
              actions.map(each => [
                link('actions', each.id, each.kind),
                each.subject ?? 'release in force',
                each.actor,
                each.source,
                time(each.requestedAt),
                [actionBadge(each), ` ${each.outcome ?? unanswered}`],
              ]),
            )}`,
  }
}

export function actionPage(action: PublishedAction): Page {
  const { id, kind, subject, reason, actor, source, requestedAt, state, outcome, finishedAt, evidence } =
    action
  return {
    title: `Asked: ${kind}`,
    ...(state === 'open' && { refresh: { seconds: REFRESH_SECONDS, to: pathOf('actions', id) } }),
    body: html`${answer(state, outcome)}
    ${facts([
      ['Of', subjectOf(kind, subject)],
      ['Reason', reason],
      ...(evidence === null ? [] : [['New evidence', evidence] as const]),
      ['By', `${actor}, from ${source}`],
      ['Asked (UTC)', time(requestedAt)],
      ['Answered (UTC)', finishedAt === null ? 'not yet' : time(finishedAt)],
      ['Id', html`<code>${id}</code>`],
    ])}`,
  }
}

function answer(state: PublishedAction['state'], outcome: string | null): Markup {
  const moods = { open: 'warm', done: 'good', refused: 'bad' }
  return html`<div class="notice ${moods[state]}" role="status">
    <p>
      ${state === 'open' ? html`Asked: ${unanswered}. This page looks again by itself.` : html`${state}: ${outcome}`}
    </p>
  </div>`
}

/** The page of what it is about, where that can be told from the kind. */
function subjectOf(kind: PublishedAction['kind'], subject: string | null): Markup | string {
  if (subject === null) return 'release in force'
  switch (kind) {
    case 'promote':
    case 'quarantine':
      return link('experiments', subject)
    case 'reevaluate':
      return link('quarantine', subject)
    case 'rollback':
      return link('releases', subject)
    case 'blacklist':
      return subject
  }
}
