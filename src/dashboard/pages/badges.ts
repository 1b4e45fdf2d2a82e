import type { Markup } from '../../core/report/html.ts'
import { badge, type Mood } from '../../pages/parts.ts'
import { releaseStanding } from '../../core/release.ts'
import type { PublishedAction, PublishedRelease } from '../../ports/published.ts'

const moods: Record<string, Mood> = {
  active: 'warm',
  paused: 'plain',
  promoted: 'good',
  quarantined: 'bad',
  inconclusive: 'plain',
  stopped: 'plain',
  promote: 'good',
  wait: 'warm',
  quarantine: 'bad',
  expire: 'plain',
  'in force': 'good',
  beneath: 'plain',
  smoke: 'warm',
  canary: 'warm',
  failed: 'bad',
  open: 'warm',
  done: 'good',
  refused: 'bad',
}

const moodOf = (word: string): Mood => moods[word] ?? 'plain'

export const stateBadge = (state: string): Markup => badge(state, moodOf(state))
export const answerBadge = (answer: string): Markup => badge(answer, moodOf(answer))
export const actionBadge = ({ state }: PublishedAction): Markup => badge(state, moodOf(state))

export function releaseBadge(release: PublishedRelease): Markup {
  const standing = releaseStanding(release)
  return badge(standing, moodOf(standing))
}
