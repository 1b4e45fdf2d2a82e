/**
 * What share of *reacted-to* findings must be right to prove that `p0` of all are, when wrong ones are reacted to up to
 * `gamma` times less often (0 < p0 < 1, gamma >= 1): gamma p0 / (1 - p0 + gamma p0). From Bayes: the odds of right against wrong
 * among those with a reaction are at most gamma times the true ones.
 */
export function inflatedFor(gamma: number, p0: number): number {
  return (gamma * p0) / (1 - p0 + gamma * p0)
}
