import { isSummary, type SeenReview } from '../read-review.ts'
import { markdownLines, type Paint } from './markdown.ts'

interface Page {
  width: number
  paint: Paint
}

/** Diff lines shown above a comment: the commented one and what leads to it. */
const CONTEXT_LINES = 4
const hiddenMarks = /<!--[\s\S]*?-->/g

/** A pull request's review as a person reads it: comments under their lines, then summary and check run. */
export function reviewLines(
  pull: { repo: string; number: number; title: string; author: string },
  seen: SeenReview,
  page: Page,
): string[] {
  const { paint } = page
  const heading = `${pull.repo}#${pull.number}  ${pull.title}`
  const rule = '━'.repeat(Math.min(page.width, 100))
  const threads = seen.comments
    .filter(comment => comment.replyTo === null)
    .toSorted((a, b) => a.path.localeCompare(b.path) || a.line - b.line)
  const summary = seen.talk.find(isSummary)
  const talk = seen.talk.filter(comment => !isSummary(comment))
  return [
    paint('dim', rule),
    `${paint('bold', heading)} ${paint('dim', `by ${pull.author}`)}`,
    ...threads.flatMap(comment => ['', ...threadLines(comment, seen, page)]),
    ...(summary ? ['', ...indented(markdownOf(summary.body, page), paint('dim', '┊ '))] : []),
    ...talk.flatMap(({ author, id, body }) => [
      '',
      `${paint('bold', author)} ${paint('dim', `comment ${id}`)}`,
      ...indented(markdownOf(body, page), '  '),
    ]),
    '',
    checkLine(seen, paint),
  ]
}

function threadLines(comment: SeenReview['comments'][number], seen: SeenReview, page: Page): string[] {
  const { paint } = page
  const range = comment.startLine < comment.line ? `${comment.startLine}-${comment.line}` : `${comment.line}`
  const place = paint('bold', `${comment.path}:${range}`) + (comment.side === 'LEFT' ? ' (old)' : '')
  const replies = seen.comments.filter(reply => reply.replyTo === comment.id)
  return [
    `${place} ${paint('dim', `comment ${comment.id}`)}`,
    ...hunkLines(comment.hunk, paint),
    ...indented(markdownOf(comment.body, page), paint('yellow', '  ┃ ')),
    ...replies.flatMap(reply => [
      paint('dim', `  ┃ ${reply.author}:`),
      ...indented(markdownOf(reply.body, page), '  ┃   '),
    ]),
  ]
}

function hunkLines(hunk: string, paint: Paint): string[] {
  return hunk
    .split('\n')
    .slice(1)
    .slice(-CONTEXT_LINES)
    .map(line =>
      line.startsWith('+')
        ? paint('green', `  ${line}`)
        : line.startsWith('-')
          ? paint('red', `  ${line}`)
          : paint('dim', `  ${line}`),
    )
}

function checkLine({ check }: SeenReview, paint: Paint): string {
  if (check === null) return paint('red', 'no check run')
  if (check.status !== 'completed') return paint('yellow', `● check ${check.status}`)
  const green = check.conclusion === 'success'
  const notes = check.annotations > 0 ? `, ${check.annotations} annotations` : ''
  return paint(
    green ? 'green' : 'yellow',
    `${green ? '✓' : '●'} check ${check.conclusion}: ${check.title}${notes}`,
  )
}

function markdownOf(body: string, { width, paint }: Page): string[] {
  return markdownLines(body.replace(hiddenMarks, '').trim(), { width: Math.min(width, 100) - 4, paint })
}

function indented(lines: readonly string[], by: string): string[] {
  return lines.map(line => `${by}${line}`.trimEnd())
}
