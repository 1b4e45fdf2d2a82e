import { uniform } from '../../src/core/sample.ts'
import type { Answer, Issue, Question } from '../../src/core/judging.ts'
import { wordPattern, type Place } from './pull-requests.ts'

/** Who writes, reviews and judges. None of them knows that there are experiments. */
export const maintainers = ['ana', 'ben', 'chi', 'dev', 'eli', 'fay'] as const
/** Whom CUPEL_ADMINS names. */
export const administrator = 'fay'
export type Maintainer = (typeof maintainers)[number]

/** How often they err: of a comment that they read in passing, and of a line that they are asked about. */
const inPassing = 0.03
const whenAsked = 0.003
/** Of the comments they see, those that they say something about; and of these, by words instead of one click. */
const speaks = 0.5
const inWords = 0.2

type TruthOf = (word: string) => Place | undefined

/** A comment on a pull request as people see it: where it stands, not who wrote it. */
export interface SeenComment {
  id: number
  /** The line it stands under. */
  text: string
}

export type Reaction = { by: Maintainer } & ({ react: '+1' | '-1' } | { reply: string })

/** What somebody does about a comment, if anything: from what is true of its line, and their own mistakes. */
export function reactionTo(
  seed: string,
  { text }: SeenComment,
  reader: Maintainer,
  truthOf: TruthOf,
): Reaction | null {
  const word = wordPattern.exec(text)?.[1] ?? text
  const draw = (what: string): number => uniform(seed, `reaction/${word}/${what}`)
  if (draw('speaks') >= speaks) return null
  const real = isReal(text, truthOf) !== draw('errs') < inPassing
  if (draw('words') < inWords)
    return { by: reader, reply: real ? 'useful, thank you' : 'wrong: it is meant so' }
  return { by: reader, react: real ? '+1' : '-1' }
}

/** What a judge answers to a question of the blind audit. Nothing in it tells who found what. */
export function judgementOn(
  seed: string,
  question: Question,
  truthOf: TruthOf,
): { answer: Answer; issue: Issue | null } {
  const errs = uniform(seed, `judgement/${question.id}`) < whenAsked
  const { claim, place } = question
  const added = place.hunk.lines.filter(line => line.kind === 'added')
  if (claim !== null) {
    const lines = added.filter(({ newLine = 0 }) => newLine >= claim.startLine && newLine <= claim.line)
    const real = lines.some(line => isReal(line.text, truthOf))
    return { answer: real !== errs ? 'y' : 'n', issue: null }
  }
  const wrong = added.find(line => isReal(line.text, truthOf))
  const at = errs ? (wrong === undefined ? added[0] : undefined) : wrong
  if (at === undefined) return { answer: 'n', issue: null }
  const defect = truthOf(wordPattern.exec(at.text)?.[1] ?? '')?.defect
  const text = defect ? `${defect.title}. ${defect.bodies[0]}` : 'This looks odd to me.'
  return { answer: 'y', issue: { line: String(at.newLine), text } }
}

function isReal(text: string, truthOf: TruthOf): boolean {
  return (truthOf(wordPattern.exec(text)?.[1] ?? '')?.defect ?? null) !== null
}
