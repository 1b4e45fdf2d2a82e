/** An e-value as people read it; the capitals are kept as logarithms, as the largest are beyond what a number can hold. */
export function eValue(log: number): string {
  return log > 13.8 ? `10^${(log / Math.LN10).toFixed(1)}` : Math.exp(log).toFixed(2)
}
