import type { Table } from '../experiment-text.ts'
import { criterionNames, type Criterion } from './criteria.ts'
import type { Verdict } from './decide.ts'
import { eValue } from './e-value.ts'
import { failureReasons } from './failure.ts'

const figure = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(3))

/** As JSON keeps no order. */
export function criteriaInOrder({ criteria }: Pick<Verdict, 'criteria'>): Criterion[] {
  return criterionNames.map(name => criteria[name])
}

export function criterionTable({ criteria, needed }: Pick<Verdict, 'criteria' | 'needed'>): Table {
  const bounds = ({ bounds: of }: Criterion): string =>
    of === null ? '' : `${of.low.toFixed(3)} to ${of.high.toFixed(3)}`
  return {
    headings: ['CRITERION', 'N', 'VALUE', 'TRUE VALUE WITHIN', 'MUST EXCEED', 'FOR', 'AGAINST', 'STATE'],
    rows: criteriaInOrder({ criteria }).map(each => [
      each.name,
      each.n,
      figure(each.value),
      bounds(each),
      each.required.toFixed(3),
      `${eValue(each.logFor)} of ${eValue(needed.promote)}`,
      `${eValue(each.logAgainst)} of ${eValue(needed.quarantine)}`,
      each.state,
    ]),
  }
}

/** What a verdict says beside its criteria, under headings; those with nothing to say are left out. */
export function verdictNotes(verdict: Verdict): { title: string; lines: readonly string[] }[] {
  const { vetoes, waived, flags } = verdict
  return [
    { title: 'missing', lines: 'missing' in verdict ? verdict.missing : [] },
    {
      title: 'why',
      lines:
        verdict.answer === 'quarantine'
          ? failureReasons(verdict).map(reason => `${reason.class}: ${reason.words}`)
          : [],
    },
    {
      title: 'vetoes',
      lines: vetoes.map(veto => `${veto.of} in ${veto.group}: ${eValue(veto.log)} of ${eValue(veto.needed)}`),
    },
    { title: 'set aside', lines: waived },
    { title: 'remarks', lines: flags },
  ].filter(({ lines }) => lines.length > 0)
}
