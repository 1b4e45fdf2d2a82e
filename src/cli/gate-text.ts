import { table } from '../core/experiment-text.ts'
import type { Verdict } from '../core/gate/decide.ts'
import { criterionTable, verdictNotes } from '../core/gate/verdict-text.ts'
import { printable } from '../core/report/printable.ts'

export function verdictLines(verdict: Verdict): string[] {
  const { headings, rows } = criterionTable(verdict)
  return [
    ...table(headings, rows),
    ...verdictNotes(verdict).flatMap(({ title, lines }) => [
      '',
      title,
      ...lines.map(line => `  ${printable(line)}`),
    ]),
  ]
}
