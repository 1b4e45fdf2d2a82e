/** GitHub refuses bodies above 65,536 characters; whether it means bytes or code points differs by place. */
const mostCodePoints = 60_000
const mostOfLine = 255
const hiddenMark = /<!-- cupel:[^>]{0,500}-->/g
const notice = '\n\n*(cut: longer than GitHub accepts)*'

/**
 * The text in at most `limit` code points and without half a surrogate pair, which JSON can carry and GitHub
 * refuses. Hidden marks that the cut would lose are put back at the end as far as they fit, because later rounds
 * find their way by them.
 */
export function capBody(text: string, limit = mostCodePoints): string {
  const whole = text.toWellFormed()
  if (whole.length <= limit) return whole
  const points = Array.from(whole)
  if (points.length <= limit) return whole
  let tail = notice
  for (const [mark] of whole.matchAll(hiddenMark))
    if (tail.length + mark.length < limit / 2) tail += `\n${mark}`
  const head = points.slice(0, Math.max(0, limit - tail.length)).join('')
  // Half a mark would hide everything up to the next one.
  const opened = head.lastIndexOf('<!--')
  return (opened >= 0 && !head.includes('-->', opened) ? head.slice(0, opened) : head) + tail
}

export function capLine(text: string): string {
  return Array.from(text.toWellFormed()).slice(0, mostOfLine).join('')
}
