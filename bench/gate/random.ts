/** Numbers that look random and can be had again: xoshiro128** 1.1 (Blackman and Vigna 2018), seeded by splitmix32. */
export interface Random {
  /** 0 <= x < 1, 53 bits. */
  next(): number
  chance(p: number): boolean
}

export function randomFrom(seed: number): Random {
  let mixed = seed >>> 0
  const seedWord = (): number => {
    mixed = (mixed + 0x9e3779b9) >>> 0
    let z = mixed
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let [a, b, c, d] = [seedWord(), seedWord(), seedWord(), seedWord()]
  const rotate = (x: number, by: number): number => ((x << by) | (x >>> (32 - by))) >>> 0
  const word = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5) >>> 0, 7), 9) >>> 0
    const t = (b << 9) >>> 0
    c = (c ^ a) >>> 0
    d = (d ^ b) >>> 0
    b = (b ^ c) >>> 0
    a = (a ^ d) >>> 0
    c = (c ^ t) >>> 0
    d = rotate(d, 11)
    return result
  }
  const next = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53
  return { next, chance: p => next() < p }
}

/** A seed of its own for each part of a run, so that no part depends on how much another one draws. */
export function seedOf(seed: number, ...parts: readonly number[]): number {
  return parts.reduce((mixed, part) => Math.imul(mixed ^ (part + 0x7f4a7c15), 0x9e3779b1) >>> 0, seed >>> 0)
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

/** Gamma with scale 1: Marsaglia and Tsang 2000. */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.next()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

/** A chance with that mean which trials of one cluster share: their correlation is `icc` (0: the mean itself). */
export function sharedChance(random: Random, mean: number, icc: number): number {
  if (icc === 0 || mean <= 0 || mean >= 1) return mean
  const size = (1 - icc) / icc
  const right = gamma(random, mean * size)
  const wrong = gamma(random, (1 - mean) * size)
  return right + wrong === 0 ? (random.chance(mean) ? 1 : 0) : right / (right + wrong)
}

/** Poisson by inversion; `mean` below 30. */
export function poisson(random: Random, mean: number): number {
  let k = 0
  let left = random.next()
  for (let p = Math.exp(-mean); left >= p && k < 200; p *= mean / k) {
    left -= p
    k++
  }
  return k
}

export function successes(random: Random, n: number, p: number): number {
  let count = 0
  for (let i = 0; i < n; i++) if (random.chance(p)) count++
  return count
}
