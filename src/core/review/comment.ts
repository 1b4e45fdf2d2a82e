import type { Finding, Unanchored } from './finding.ts'
import { isBlocking } from './receipt.ts'
import { findingMarker } from './rounds.ts'
import { codeSpan, fence, sanitiseLine, sanitiseMarkdown } from './sanitise.ts'
import { safeSuggestion } from './sanitise-suggestion.ts'
import { maskSecrets, type OutputPlace } from './sanitise-text.ts'

/** Most characters of one body; GitHub refuses somewhat above. */
export const maxBody = 60_000

/** `85 % sure · by oxlint/no-dupe-keys and openai/gpt-6.1-terra`. */
function sourceLine(finding: Pick<Finding, 'sources' | 'confidence'>): string {
  return `${Math.round(finding.confidence * 100)} % sure · by ${finding.sources.map(codeSpan).join(' and ')}`
}

/** One inline comment. `marker`, hidden in it, is the review's own. */
export function renderComment(finding: Finding, options: { marker: string; place: OutputPlace }): string {
  const { place, marker } = options
  const suggestion = safeSuggestion(finding)
  return [
    `**${capital(finding.severity)} · ${finding.category}:** ${sanitiseLine(finding.title, place, 200)}`,
    sanitiseMarkdown(finding.body, place, 4_000),
    ...(suggestion === undefined ? [] : [fence(suggestion, 'suggestion')]),
    `<sub>${sourceLine(finding)} · right or wrong? 👍 or 👎 teaches Cupel · \`/cupel explain\` tells more</sub>`,
    `${findingMarker(finding)}\n${hidden(marker)}`,
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** Our marker as an HTML comment; anything but its own alphabet is dropped, so that it cannot end early. */
export function hidden(marker: string): string {
  return `<!-- cupel:review:${marker.replace(/[^\w:.-]/g, '')} -->`
}

/** The body of a posted review: one line, and blocking claims whose place in the diff was not found. */
export function renderReviewBody(
  review: { findings: readonly Finding[]; unanchored: readonly Unanchored[] },
  options: { marker: string; place: OutputPlace },
): string {
  const { findings, unanchored } = review
  const blocking = unanchored.filter(each => isBlocking(each.severity))
  const files = new Set(findings.map(finding => finding.path)).size
  const parts = [
    findings.length === 0
      ? 'No finding on a changed line.'
      : `${count(findings.length, 'finding')} in ${count(files, 'file')}.`,
  ]
  if (blocking.length > 0)
    parts.push('Claims whose quoted lines were not found together in the diff, so take them with care:')
  for (const each of blocking.slice(0, 10))
    parts.push(
      `**${capital(each.severity)} · ${each.category}** in ${codeSpan(each.path)}: ${sanitiseLine(each.title, options.place, 200)}\n\n${sanitiseMarkdown(each.body, options.place, 1_000)}`,
    )
  return fit([...parts, hidden(options.marker)], maxBody / 2)
}

/** The same review when GitHub refused its lines: every finding in the body, with its place. Capped by whole findings. */
export function renderUnplaced(
  review: { findings: readonly Finding[]; unanchored: readonly Unanchored[] },
  options: { marker: string; place: OutputPlace },
): string {
  const { place, marker } = options
  const opening = `${renderReviewBody(review, options)}\n\nGitHub did not take these as comments on their lines:`
  let room = maxBody - opening.length
  const parts: string[] = []
  for (const finding of review.findings) {
    if (room < 0) break
    const text = [
      `**${capital(finding.severity)} · ${finding.category}** ${codeSpan(`${finding.path}:${finding.line}`)}${finding.side === 'LEFT' ? ' (old line)' : ''}: ${sanitiseLine(finding.title, place, 200)}`,
      sanitiseMarkdown(finding.body, place, 2_000),
      `${findingMarker(finding)}\n${hidden(marker)}`,
    ].join('\n\n')
    room -= text.length + 2
    if (room >= 0) parts.push(text)
  }
  return [opening, ...parts].join('\n\n')
}

/** Marks the summary comment as ours, together with its author. */
export const summaryMark = '<!-- cupel:summary -->'

/**
 * Parts as paragraphs, at most `max` characters: whole ones only, so that no fence or <details> is cut open; what had
 * to go is said. The last, a marker, stays.
 */
export function fit(parts: readonly string[], max: number): string {
  const marker = parts.at(-1) ?? ''
  const note = 'Shortened: there is more than GitHub takes.'
  const kept: string[] = []
  let room = max - marker.length - note.length - 4
  let cut = false
  for (const part of parts.slice(0, -1)) {
    if (part.length + 2 > room) {
      cut = true
      continue
    }
    kept.push(part)
    room -= part.length + 2
  }
  return [...kept, ...(cut ? [note] : []), marker].join('\n\n')
}

export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

/** A finding as a fixed sentence for a plain-text place: title, masked. */
export function plainTitle(finding: Pick<Finding, 'title' | 'severity'>): string {
  return maskSecrets(`${finding.severity}: ${finding.title}`)
}
