const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)
/** From here on Stirling's series with seven terms is exact to the last digit. */
const large = 10

/** ln Γ(x) less Stirling's approximation, x >= 10 (Abramowitz and Stegun 6.1.42): below 1 / (12 x). */
function stirlingRest(x: number): number {
  const s = 1 / (x * x)
  return (
    (1 / 12 -
      s *
        (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360_360 - s * (1 / 156))))))) /
    x
  )
}

/** ln Γ(x), x > 0. */
function logGamma(x: number): number {
  let product = 1
  let at = x
  for (; at < large; at++) product *= at
  return (at - 0.5) * Math.log(at) - at + halfLogTwoPi + stirlingRest(at) - Math.log(product)
}

/**
 * ln B(a, b), a and b > 0. Large arguments are subtracted before they are summed (as in Didonato and Morris 1992,
 * TOMS 708), so that the error stays near 1e-16 of the result, not of ln Γ(a + b).
 */
export function logBeta(a: number, b: number): number {
  const [small, big] = a < b ? [a, b] : [b, a]
  const sum = small + big
  if (big < large) return logGamma(small) + logGamma(big) - logGamma(sum)
  if (small < large) {
    const difference =
      -(big - 0.5) * Math.log1p(small / big) -
      small * Math.log(sum) +
      small +
      stirlingRest(big) -
      stirlingRest(sum)
    return logGamma(small) + difference
  }
  return (
    small * Math.log(small / sum) -
    big * Math.log1p(small / big) +
    0.5 * Math.log(sum / small / big) +
    halfLogTwoPi +
    stirlingRest(small) +
    stirlingRest(big) -
    stirlingRest(sum)
  )
}

/**
 * ln I_x(a, b) and ln (1 - I_x(a, b)), the logarithms of both tails of Beta(a, b) at 0 < x < 1, a and b > 0. The smaller
 * tail comes from the continued fraction of Didonato and Morris (DLMF 8.17.22), in logarithms, so that neither is ever zero.
 */
export function logBetaTails(x: number, a: number, b: number): { below: number; above: number } {
  const logPower = a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)
  if (x < (a + 1) / (a + b + 2)) {
    const below = Math.min(0, logPower - Math.log(a) + Math.log(continuedFraction(x, a, b)))
    return { below, above: logOneLess(below) }
  }
  const above = Math.min(0, logPower - Math.log(b) + Math.log(continuedFraction(1 - x, b, a)))
  return { below: logOneLess(above), above }
}

/** ln (1 - exp(y)) for y <= 0. */
function logOneLess(y: number): number {
  return y > -Math.LN2 ? Math.log(-Math.expm1(y)) : Math.log1p(-Math.exp(y))
}

/** Lentz's method; near the mean it takes about the square root of the larger argument in steps. */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const least = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / least(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 100_000; m++) {
    const m2 = 2 * m
    const even = (m * (b - m) * x) / ((a - 1 + m2) * (a + m2))
    d = 1 / least(1 + even * d)
    c = least(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + m2) * (a + 1 + m2))
    d = 1 / least(1 + odd * d)
    c = least(1 + odd / c)
    const step = d * c
    result *= step
    if (Math.abs(step - 1) < 1e-15) break
  }
  return result
}
