/** GitHub refuses bodies above 65,536 characters; whether it means bytes or code points differs by place. */
const mostCodePoints = 60_000
const hiddenMark = /<!-- cupel:[^>]{0,500}-->/g
const notice = '\n\n*(cut: longer than GitHub accepts)*'

/**
 * The text in at most `limit` code points, never ending in half a surrogate pair. Hidden marks that the cut would
 * lose are put back at the end, because later rounds find their way by them.
 */
export function capBody(text: string, limit = mostCodePoints): string {
  if (text.length <= limit) return text
  const points = Array.from(text)
  if (points.length <= limit) return text
  const marks = (text.match(hiddenMark) ?? []).join('\n')
  const tail = marks === '' ? notice : `${notice}\n${marks}`
  const tailPoints = Array.from(tail).length
  const head = points.slice(0, Math.max(0, limit - tailPoints)).join('')
  return (head + tail).slice(0, Math.max(limit, tailPoints) * 2)
}
