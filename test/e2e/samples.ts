/** Code with defects that oxlint's rules find, each on a line of its own; the rest is clean. */

export const cleanCode = lines(
  'export function total(prices: readonly number[]): number {',
  '  let sum = 0',
  '  for (const price of prices) sum += price',
  '  return sum',
  '}',
)

/** Findings on lines 2 and 7. */
export const twoDefects = lines(
  'export function share(cents: number): number {',
  '  if (cents === NaN) return 0',
  '  return cents / 2',
  '}',
  '',
  'export function label(kind: string): string {',
  "  if (kind.length === NaN) return 'odd'",
  '  return kind',
  '}',
)

/** The first of both is gone. */
export const firstFixed = twoDefects.replace('cents === NaN', 'Number.isNaN(cents)')

export function lines(...text: readonly string[]): string {
  return `${text.join('\n')}\n`
}
