import { styleText } from 'node:util'
import type { Question } from './judging.ts'
import { table } from './experiment-text.ts'
import { printable, printableLines } from './report/printable.ts'
import type { DiffLine } from './review/diff.ts'

type Style = Parameters<typeof styleText>[0]

/** Lines shown around what is claimed; a whole hunk is shown whole. */
const around = 15

/** A question for a terminal: the code, then what is claimed of it or what is asked. */
export function questionLines(question: Question, options: { color: boolean }): string[] {
  const paint = (style: Style, text: string): string =>
    options.color ? styleText(style, text, { validateStream: false }) : text
  const { claim, place, repository } = question
  return [
    `${paint('cyan', printable(place.file.path))}  ${paint('dim', `${printable(repository)}  ${question.id}`)}`,
    ...codeLines(question).map(({ line, claimed }) => {
      const text = `${claimed ? '>' : ' '} ${marginOf(line)}  ${printable(line.text.replace(/\r$/, ''))}`
      if (line.kind === 'added') return paint('green', text)
      return line.kind === 'removed' ? paint('red', text) : text
    }),
    '',
    ...(claim === null
      ? []
      : [
          paint('dim', [claim.severity, claim.category].filter(Boolean).join(', ')),
          ...printableLines(claim.text).map((line, at) => (at === 0 ? paint('bold', line) : line)),
        ]
    ).map(line => `  ${line}`.trimEnd()),
    paint('bold', claim === null ? wholeQuestion : 'Is this a real issue?'),
  ]
}

const wholeQuestion = 'Is anything wrong in these lines?'

export function questionTable(questions: readonly Question[]): string[] {
  if (questions.length === 0) return ['nothing waits to be judged']
  return table(
    ['ID', 'REPOSITORY', 'PLACE', 'QUESTION'],
    questions.map(({ id, repository, place: { file, hunk }, claim }) => [
      id,
      repository,
      `${file.path}:${claim?.line ?? Math.max(1, hunk.newStart)}`,
      claim === null ? wholeQuestion : (claim.text.split('\n')[0] ?? ''),
    ]),
  )
}

/** For scripts; as blind as what people see. */
export function questionJson({ id, repository, place: { file, hunk }, claim }: Question): object {
  return {
    id,
    repository,
    path: file.path,
    asks: claim === null ? 'hunk' : 'finding',
    claim,
    lines: hunk.lines.map(line => `${marginOf(line)}  ${line.text}`),
  }
}

function codeLines({ claim, place: { hunk } }: Question): { line: DiffLine; claimed: boolean }[] {
  const lines = hunk.lines.map(line => ({ line, claimed: claim !== null && isClaimed(line, claim) }))
  const first = lines.findIndex(({ claimed }) => claimed)
  if (first === -1) return lines
  const last = lines.findLastIndex(({ claimed }) => claimed)
  return lines.slice(Math.max(0, first - around), last + around + 1)
}

function isClaimed(line: DiffLine, claim: NonNullable<Question['claim']>): boolean {
  const number = claim.side === 'LEFT' ? line.oldLine : line.newLine
  return number !== undefined && number >= claim.startLine && number <= claim.line
}

/** A line's number as judges write it: `-12` for a removed one. */
function marginOf({ kind, oldLine, newLine }: DiffLine): string {
  const mark = { added: '+', removed: '-', context: ' ' }[kind]
  return `${mark}${String(kind === 'removed' ? `-${oldLine}` : newLine).padStart(6)}`
}
