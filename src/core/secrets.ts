/** Keys in a form that their issuer alone gives them. */
export const issuedKeys: readonly RegExp[] = [
  /gh[pousr]_[A-Za-z0-9_]{16,}/g,
  /github_pat_\w{16,}/g,
  /\bglpat-[\w-]{16,}/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /\b[sr]k_live_[A-Za-z0-9]{16,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
  /\bxox[abeprs]-[\w-]{10,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
]

/**
 * What a credential looks like: the one table that output, snapshots and logs are masked by. Each match is the secret
 * and nothing else. Linear in the text: every pattern begins with fixed text and repeats one class.
 */
export const credentials: readonly RegExp[] = [
  ...issuedKeys,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  // The password of a URL.
  /(?<=[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/"]{0,200}:)[^\s@/"]{1,500}(?=@)/gi,
]

/**
 * A private key, whatever `inside` lets stand in it. One that was cut still leaves half of itself, so without an END
 * line everything goes up to what may not stand in it.
 */
export function privateKeys(inside: '[^]' | '[^"]'): RegExp {
  const line = (word: string): string => `-----${word} [A-Z ]{0,30}PRIVATE KEY-----`
  return new RegExp(`${line('BEGIN')}(?:(?!-----END)${inside})*(?:${line('END')})?`, 'g')
}

const wholeKeys = privateKeys('[^]')

/** Long runs of mixed letters and digits are keys more often than words. */
const opaque = /[A-Za-z0-9+/_=-]{36,}/g

/** Shannon entropy in bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  return [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  )
}

/** Replaces what looks like a credential by what `hide` makes of it. Commit hashes and identifiers stay. */
export function hideSecrets(text: string, hide: (secret: string) => string): string {
  const known = [wholeKeys, ...credentials].reduce((kept, pattern) => kept.replace(pattern, hide), text)
  return known.replace(opaque, run =>
    /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run) && !run.includes('/') && entropy(run) > 4.3
      ? hide(run)
      : run,
  )
}
