import { table } from '../core/experiment-text.ts'
import type { Criterion } from '../core/gate/criteria.ts'
import type { Verdict } from '../core/gate/decide.ts'
import { eValue } from '../core/gate/e-value.ts'
import { failureReasons } from '../core/gate/failure.ts'
import { printable } from '../core/report/printable.ts'

const figure = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(3))

export function criterionLines({ criteria, needed }: Verdict): string[] {
  const bounds = ({ bounds: of }: Criterion): string =>
    of === null ? '' : `${of.low.toFixed(3)} to ${of.high.toFixed(3)}`
  return table(
    ['CRITERION', 'N', 'VALUE', 'TRUE VALUE WITHIN', 'MUST EXCEED', 'FOR', 'AGAINST', 'STATE'],
    Object.values(criteria).map(each => [
      each.name,
      each.n,
      figure(each.value),
      bounds(each),
      each.required.toFixed(3),
      `${eValue(each.logFor)} of ${eValue(needed.promote)}`,
      `${eValue(each.logAgainst)} of ${eValue(needed.quarantine)}`,
      each.state,
    ]),
  )
}

export function verdictLines(verdict: Verdict): string[] {
  const { vetoes, waived, flags } = verdict
  const listed = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map(line => `  ${printable(line)}`)]
  return [
    ...criterionLines(verdict),
    ...('missing' in verdict ? listed('missing', verdict.missing) : []),
    ...listed(
      'why',
      failureReasons(verdict)
        .filter(() => verdict.answer === 'quarantine')
        .map(reason => `${reason.class}: ${reason.words}`),
    ),
    ...listed(
      'vetoes',
      vetoes.map(veto => `${veto.of} in ${veto.group}: ${eValue(veto.log)} of ${eValue(veto.needed)}`),
    ),
    ...listed('set aside', waived),
    ...listed('remarks', flags),
  ]
}
