import { count } from './comment.ts'
import { isIntended, standingBlockers, type LeftOutReason, type Receipt, type SkipReason } from './receipt.ts'

export const skipWords: Record<SkipReason, string> = {
  'excluded-by-configuration': 'excluded by configuration',
  generated: 'generated',
  binary: 'binary',
  'too-large': 'too large',
  submodule: 'submodule',
  symlink: 'symbolic link',
  'no-content-change': 'no change of contents',
  removed: 'removed',
  'unsupported-by-analysers': 'no analyser for it, no model asked',
  'over-file-limit': 'over the file limit',
  'over-token-budget': 'over the budget',
  'patch-damaged': 'patch cut or damaged',
  'contents-unreadable': 'contents could not be read',
  'step-failed': 'a step failed',
  unchanged: 'unchanged since the last round',
}

export const leftOutWords: Record<LeftOutReason, string> = {
  'over-comment-limit': 'over the comment limit',
  'below-severity-floor': 'below the severity floor',
  'below-confidence': 'too unsure',
  'not-in-diff': 'quoted line not in the diff',
  'already-posted': 'already posted',
  'still-open': 'of earlier rounds with an open thread',
  'unchanged-code': 'on code unchanged since the last round',
  late: 'late, listed here instead',
  refuted: 'refuted by the self-check',
  hostile: 'steered by text of the pull request',
}

/** `3 of 5 changed files reviewed, 1 in part, 1 left out on purpose`. */
export function coverageSentence(receipt: Receipt): string {
  const { files } = receipt
  const seen = files.filter(file => file.coverage === 'seen').length
  const partly = files.filter(file => file.coverage === 'partly').length
  const intended = files.filter(file => file.coverage === 'skipped' && isIntended(file)).length
  return [
    `${seen} of ${count(files.length, 'changed file')} reviewed`,
    ...(partly > 0 ? [`${partly} in part`] : []),
    ...(intended > 0 ? [`${intended} left out on purpose`] : []),
  ].join(', ')
}

/** `Also blocking: 1 already posted, 2 over the comment limit.`, or nothing. */
export function standingSentence(receipt: Receipt): string[] {
  const blockers = standingBlockers(receipt)
  if (blockers.length === 0) return []
  return [
    `Also blocking: ${blockers.map(({ reason, blocking }) => `${blocking} ${leftOutWords[reason]}`).join(', ')}.`,
  ]
}

/** Said where a finding gave away that text of the pull request spoke through the model. */
export const steeredSentence =
  'A model followed instructions found in the pull request: do not rely on its silence.'
