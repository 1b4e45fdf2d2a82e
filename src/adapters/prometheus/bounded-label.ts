/**
 * Keeps a label from growing without end, as each new value is a new series for ever: the first `most`
 * values stay, later ones become `other`. Values are cut at 100 characters.
 */
export function boundedLabel(most: number): (value: string) => string {
  const seen = new Set<string>()
  return value => {
    const short = value.slice(0, 100)
    if (seen.has(short)) return short
    if (seen.size >= most) return 'other'
    seen.add(short)
    return short
  }
}
