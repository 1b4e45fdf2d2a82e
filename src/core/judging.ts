import { sha256 } from './ids.ts'
import type { Likeness, Statement } from './label.ts'
import { redactText } from './redact.ts'
import type { Side } from './review/diff.ts'
import type { Finding } from './review/finding.ts'
import type { Snapshot } from './review/snapshot.ts'
import { hunksOf, type HunkPlace } from './sample.ts'
import { hunkAt, statementOf } from './score/hunks.ts'

/** What a judge may say of a drawn place. */
export type Judged = 'real-issue' | 'not-an-issue' | 'clean' | 'unsure'
export type Answer = 'y' | 'n' | 'unsure'

/** A judge's word on a place, in its newest version. One on a whole hunk has no text. */
export interface Judgement extends Statement {
  judged: Judged
  by: string
}

/** A sample of whose hunks some were drawn for the audit, with everything anybody found in it. */
export interface DrawnSample {
  sampleId: string
  takenAt: Date
  snapshot: Snapshot
  /** Indices of the drawn hunks. */
  hunks: readonly number[]
  findings: readonly Finding[]
  judgements: readonly Judgement[]
}

/**
 * What a judge is asked: is this an issue, or is anything wrong in this hunk? Nothing here tells who found it, so that
 * nobody can judge the reviewer instead of the code.
 */
export interface Question {
  /** 12 hexadecimal digits, the same as long as the place and its text are. */
  id: string
  sampleId: string
  repository: string
  place: HunkPlace
  /** Null: the whole hunk is asked about. */
  claim: Statement | null
  /** False when somebody settled it, or this judge was unsure. */
  waits: boolean
}

/**
 * The questions of a sample in the order of its hunks; within a hunk by id, which says nothing of where a finding came
 * from. Findings alike are asked about once. The hunk as a whole is asked about when everything said there was judged
 * not to be an issue: where one is real, the hunk is known.
 */
export function questionsOf(sample: DrawnSample, judge: string, likeness: Likeness): Question[] {
  const hunks = hunksOf(sample.snapshot)
  const { owner, name } = sample.snapshot.repository
  return hunks
    .filter(({ index }) => sample.hunks.includes(index))
    .flatMap(place => {
      const { index } = place
      const here = (statement: Statement): boolean => hunkAt(hunks, statement) === index
      const judgements = sample.judgements.filter(here)
      const claims = claimsOf(judgements, sample.findings.map(statementOf).filter(here), likeness)
      const question = (
        claim: Statement | null,
        settled: boolean,
        words: readonly Judgement[],
      ): Question => ({
        id: sha256(JSON.stringify([sample.sampleId, index, claim && keyOf(claim)])).slice(0, 12),
        sampleId: sample.sampleId,
        repository: `${owner}/${name}`,
        place,
        claim,
        waits: !settled && words.every(word => word.judged !== 'unsure' || word.by !== judge),
      })
      const asked = claims.map(({ claim, words }) => {
        const settled = words.some(word => word.judged === 'real-issue' || word.judged === 'not-an-issue')
        return question(claim, settled, words)
      })
      const allWrong = claims.every(({ words }) => verdictOf(words) === 'not-an-issue')
      const whole = judgements.filter(word => word.text === '')
      const clean = whole.some(word => word.judged === 'clean')
      return [
        ...asked.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        ...(allWrong || whole.length > 0 ? [question(null, clean || !allWrong, whole)] : []),
      ]
    })
}

interface Claim {
  claim: Statement
  words: Judgement[]
}

/** What was judged before comes first, so that a finding which came later and is alike to it is not asked about. */
function claimsOf(
  judgements: readonly Judgement[],
  findings: readonly Statement[],
  likeness: Likeness,
): Claim[] {
  const claims: Claim[] = []
  const aboutLines = judgements.filter(judgement => judgement.text !== '')
  for (const judgement of aboutLines) {
    const same = claims.find(({ claim }) => keyOf(claim) === keyOf(judgement))
    if (same) same.words.push(judgement)
    else claims.push({ claim: plain(judgement), words: [judgement] })
  }
  // As scoring reads it: what takes the label of something judged is judged.
  const known = likeness.to(claims.map(({ claim }) => claim))(findings)
  const others = findings
    .filter((_, at) => (known[at] ?? null) === null)
    .toSorted((a, b) => (sha256(keyOf(a)) < sha256(keyOf(b)) ? -1 : 1))
  for (const [first = 0] of likeness.group(others)) {
    const claim = others[first]
    if (claim) claims.push({ claim, words: [] })
  }
  return claims
}

function plain({ path, side, startLine, line, text, category, severity }: Statement): Statement {
  return { path, side, startLine, line, text, category: category ?? null, severity: severity ?? null }
}

function keyOf({ path, side, startLine, line, text }: Statement): string {
  return JSON.stringify([path, side, startLine, line, text])
}

function verdictOf(words: readonly Judgement[]): 'real-issue' | 'not-an-issue' | null {
  if (words.some(word => word.judged === 'real-issue')) return 'real-issue'
  return words.some(word => word.judged === 'not-an-issue') ? 'not-an-issue' : null
}

export interface ToSubmit extends Statement {
  sampleId: string
  judged: Judged
}

/** Where a judge saw an issue that nobody named: a line as the question shows it, `-12` for a removed one. */
export interface Issue {
  line: string
  text: string
}

const longestText = 2_000

/** What an answer says to the gate, or in words why it cannot be taken. */
export function judgementOf(
  { claim, place, sampleId }: Question,
  answer: Answer,
  issue: Issue | null,
): { submit: ToSubmit } | { problem: string } {
  if (claim !== null) {
    if (issue !== null) return { problem: 'this question has its line and text already' }
    const judged = ({ y: 'real-issue', n: 'not-an-issue', unsure: 'unsure' } as const)[answer]
    return { submit: { sampleId, ...plain(claim), judged } }
  }
  const whole = { sampleId, ...linesOf(place), text: '', category: null, severity: null }
  if (answer !== 'y') {
    if (issue !== null) return { problem: 'a line and a text go with y' }
    return { submit: { ...whole, judged: answer === 'n' ? 'clean' : 'unsure' } }
  }
  const text = redactText(issue?.text.trim() ?? '').slice(0, longestText)
  if (issue === null || text === '') return { problem: 'say at which line, and what is wrong there' }
  const at = lineOf(place, issue.line)
  if (at === null) return { problem: `line ${issue.line} is not in this hunk` }
  return { submit: { ...whole, ...at, text, judged: 'real-issue' } }
}

function linesOf({ file, hunk }: HunkPlace): { path: string; side: Side; startLine: number; line: number } {
  const { oldStart, oldLines, newStart, newLines } = hunk
  return newLines > 0
    ? { path: file.path, side: 'RIGHT', startLine: newStart, line: newStart + newLines - 1 }
    : {
        path: file.previousPath ?? file.path,
        side: 'LEFT',
        startLine: oldStart,
        line: oldStart + Math.max(1, oldLines) - 1,
      }
}

function lineOf(
  { file, hunk }: HunkPlace,
  written: string,
): { path: string; side: Side; startLine: number; line: number } | null {
  const [, minus, digits] = /^(-?)(\d{1,9})$/.exec(written.trim()) ?? []
  const number = Number(digits)
  if (minus === undefined) return null
  const removed = minus === '-'
  if (!hunk.lines.some(line => (removed ? line.kind === 'removed' && line.oldLine : line.newLine) === number))
    return null
  const lines = { startLine: number, line: number }
  return removed
    ? { path: file.previousPath ?? file.path, side: 'LEFT', ...lines }
    : { path: file.path, side: 'RIGHT', ...lines }
}
