import { criteriaInOrder, criterionTable, verdictNotes } from '../../core/gate/verdict-text.ts'
import { standingLines } from '../../core/gate/standing-text.ts'
import { furthestOf } from '../../core/gate/outlook.ts'
import { usd } from '../../core/experiment-text.ts'
import type { Verdict } from '../../core/gate/decide.ts'
import { html, type Markup } from '../../core/report/html.ts'
import type { Page } from '../../pages/frame.ts'
import { facts, json, link, list, prose, section, table, time } from '../../pages/parts.ts'
import type {
  PublishedExperiment,
  PublishedVerdict,
  RunCount,
  StandingExperiment,
} from '../../ports/published.ts'
import { boundsBar, progressBar } from '../bars.ts'
import { askForm, type FormMarks } from '../forms.ts'
import { answerBadge, stateBadge } from './badges.ts'

export function experimentsPage(
  experiments: readonly PublishedExperiment[],
  lastWords: readonly PublishedVerdict[],
): Page {
  return {
    title: 'Experiments',
    body:
      experiments.length === 0
        ? html`<p>No experiments yet: <code>cupel experiment add FILE</code> proposes one.</p>`
        : experimentTable(experiments.toReversed(), lastWords),
  }
}

export function experimentTable(
  experiments: readonly PublishedExperiment[],
  lastWords: readonly PublishedVerdict[],
): Markup {
  return table(
    'Experiments',
    ['Experiment', 'State', 'By', 'Runs', 'Errors', 'Spent', 'Way to the gate', 'Last word'],
    experiments.map(each => {
      const word = lastWords.find(verdict => verdict.experimentId === each.id)
      return [
        link('experiments', each.id, each.name),
        stateBadge(each.state),
        each.author,
        each.runs,
        each.errorRuns,
        `${usd(each.spentUsd)} of ${usd(each.budgetUsd)}`,
        word === undefined ? 'not judged yet' : distance(word.verdict),
        word === undefined ? null : link('verdicts', word.id, word.answer),
      ]
    }),
  )
}

function distance(verdict: Verdict): Markup {
  const { criterion, share } = furthestOf(verdict)
  const words =
    share >= 1 ? 'every criterion is proven' : `${Math.floor(100 * share)} %, furthest: ${criterion}`
  return html`${progressBar(share, words)}<span class="quiet">${words}</span>`
}

export function experimentPage(
  standing: StandingExperiment,
  runs: readonly RunCount[],
  marks: FormMarks,
): Page {
  const { experiment, settings, position, verdict, verdicts, slowModel } = standing
  const { id, state } = experiment
  const onTrial = state === 'active' || state === 'paused'
  const lines = standingLines({ ...settings, state, verdict, position })
  return {
    title: experiment.name,
    body: html`${facts([
      ['Id', html`<code>${id}</code>`],
      ['State', [stateBadge(state), experiment.stateReason === null ? null : ` ${experiment.stateReason}`]],
      ['By', `${experiment.author} (${experiment.authorKind})`],
      ['Since (UTC)', time(experiment.createdAt)],
      ['Grew out of', experiment.parentId === null ? 'nothing' : link('experiments', experiment.parentId)],
      ['Runs on', `${Number((experiment.rate * 100).toFixed(1))} % of the samples`],
      ['Budget', `${usd(experiment.spentUsd)} of ${usd(experiment.budgetUsd)} spent or reserved`],
    ])}
    ${section(
      'Before the gate',
      list((slowModel === null ? lines : [...lines, slowModel]).map(prose)),
      criteria(verdict),
      notes(verdict),
    )}
    ${
      onTrial
        ? section(
            'Ask',
            state === 'active' ? askForm('promote', id, marks) : null,
            askForm('quarantine', id, marks),
          )
        : null
    }
    ${section('What the gate has said', verdictTable(verdicts, null))}
    ${section('Runs', runs.length === 0 ? html`<p>None yet.</p>` : runTable(runs))}
    ${section(
      'Configuration',
      html`<p><code>${experiment.configurationId}</code></p>`,
      json(experiment.configuration),
    )}`,
  }
}

/** Each bound beside its threshold, as the command line tells it, and drawn. */
export function criteria(verdict: Verdict): Markup {
  const { headings, rows } = criterionTable(verdict)
  const drawn = criteriaInOrder(verdict)
  return html`${table(
      'Criteria',
      [...headings.map(sentence), 'Drawn'],
      rows.map((row, index) => [...row, drawn[index] === undefined ? null : boundsBar(drawn[index])]),
    )}
    <p class="quiet">
      Drawn: dark is what was seen, blue where the true value lies, red what must be passed.
    </p>`
}

export function notes(verdict: Verdict): Markup {
  const said = verdictNotes(verdict).map(
    ({ title, lines }) =>
      html`<h3>${sentence(title)}</h3>
        ${list(lines)}`,
  )
  return html`${said}`
}

/** With the experiments' names where verdicts are of several. */
export function verdictTable(
  verdicts: readonly PublishedVerdict[],
  of: readonly PublishedExperiment[] | null,
): Markup {
  if (verdicts.length === 0) return html`<p>Nothing yet.</p>`
  const nameOf = (id: string): string => of?.find(each => each.id === id)?.name ?? id
  return table(
    'Verdicts',
    ['Verdict', 'Answer', ...(of === null ? [] : ['Experiment']), 'Decided (UTC)'],
    verdicts.map(({ id, answer, experimentId, decidedAt }) => [
      link('verdicts', id, id.slice(0, 8)),
      answerBadge(answer),
      ...(of === null ? [] : [link('experiments', experimentId, nameOf(experimentId))]),
      time(decidedAt),
    ]),
  )
}

/** Headings of the terminal's as a page has them. */
export function sentence(heading: string): string {
  return heading.charAt(0).toUpperCase() + heading.slice(1).toLowerCase()
}

function runTable(runs: readonly RunCount[]): Markup {
  return table(
    'Runs',
    ['Kind', 'State', 'Error', 'Runs'],
    runs.map(({ kind, state, errorCode, runs: count }) => [kind, state, errorCode, count]),
  )
}
