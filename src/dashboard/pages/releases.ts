import { html, type Markup } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { facts, json, link, section, table, time } from '../../pages/parts.ts'
import type { PublishedOrder, PublishedRelease, ReleaseStep } from '../../ports/published.ts'
import { askForm, type FormMarks } from '../forms.ts'
import { releaseBadge } from './badges.ts'

export const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`

/** The verdict that put it there; the first releases had none. */
const verdictOf = ({ verdictId, kind }: PublishedRelease): Markup =>
  verdictId === null ? html`none: it is ${kind}` : link('verdicts', verdictId)

export function releasesPage(releases: readonly PublishedRelease[]): Page {
  return { title: 'Releases', body: releaseTable(releases.toReversed()) }
}

export function releaseTable(releases: readonly PublishedRelease[]): Markup {
  return table(
    'Releases',
    ['Release', 'Standing', 'Share', 'Since (UTC)', 'Why', 'Verdict'],
    releases.map(each => [
      link('releases', each.id),
      releaseBadge(each),
      percent(each.share),
      time(each.at),
      each.reason,
      verdictOf(each),
    ]),
  )
}

export function releasePage(
  release: PublishedRelease,
  steps: readonly ReleaseStep[],
  orders: readonly PublishedOrder[],
  marks: FormMarks,
): Page {
  return {
    title: `Release ${release.id}`,
    body: html`${facts([
      ['Standing', releaseBadge(release)],
      ['Share of pull requests', percent(release.share)],
      ['Since (UTC)', time(release.at)],
      ['Verdict that put it there', verdictOf(release)],
    ])}
    ${section(
      'Steps',
      table(
        'Steps',
        ['When (UTC)', 'Step', 'Share', 'By', 'Why'],
        steps.map(each => [time(each.at), each.step, percent(each.share), each.actor, each.reason]),
      ),
    )}
    ${section(
      'Orders to the production worker',
      orders.length === 0 ? html`<p>None.</p>` : orders.map(orderOf),
    )}
    ${
      release.kind === 'genesis' || release.step === 'failed'
        ? null
        : section('Ask', askForm('rollback', release.id, marks))
    }
    ${section(
      'Configuration',
      html`<p><code>${release.configurationId}</code></p>`,
      json(JSON.parse(release.configuration)),
    )}`,
  }
}

function orderOf({ kind, orderedAt, finishedAt, result }: PublishedOrder): Markup {
  return html`<h3>${kind}</h3>
    <p class="quiet">
      ordered ${time(orderedAt)}, ${finishedAt === null ? 'not done yet' : html`done ${time(finishedAt)}`}
    </p>
    ${finishedAt === null ? null : json(result)}`
}
