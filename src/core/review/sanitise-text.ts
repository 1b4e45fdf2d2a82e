import type { PhrasingContent } from 'mdast'

/** Where output will stand: links may lead only into this repository. */
export interface OutputPlace {
  owner: string
  name: string
  /** `https://github.com`, without a slash at its end. */
  webUrl: string
}

const secretPatterns: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bgh[pousr]_[A-Za-z0-9]{16,}/g,
  /\bgithub_pat_\w{20,}/g,
  /\bglpat-[\w-]{16,}/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /\b[sr]k_live_[A-Za-z0-9]{16,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
  /\bxox[abeprs]-[\w-]{10,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{1,100}:[^\s/@]{1,200}@/gi,
]

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

const masked = '[secret removed]'

/** Replaces what looks like a credential. Commit hashes and identifiers stay. */
export function maskSecrets(text: string): string {
  const known = secretPatterns.reduce((kept, pattern) => kept.replace(pattern, masked), text)
  return known.replace(opaque, run =>
    /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run) && !run.includes('/') && entropy(run) > 4.3
      ? masked
      : run,
  )
}

/** What a code host turns into a link, a notification or a command although it is plain text. */
const active = new RegExp(
  [
    String.raw`(?<url>(?:[a-z][a-z0-9+.-]{1,20}:)?\/\/[^\s<>"'\x60]+|\bwww\.[^\s<>"'\x60]+|\b(?:mailto|javascript|data|vbscript|xmpp|tel):[^\s<>"'\x60]+)`,
    String.raw`(?<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)`,
    String.raw`(?<mention>@[A-Za-z0-9_][\w-]*(?:\/[\w.-]+)?)`,
    String.raw`(?<reference>(?:[\w.-]+\/[\w.-]+)?#\d+|\bGH-\d+)`,
    String.raw`(?<math>\$(?:[^\s$]*[^\s$.,;:!?)])?\$?)`,
    String.raw`(?<command>(?<=^|\n)[ \t]*(?:\/[A-Za-z][\w-]*|(?:bors|homu|rultor)\b))`,
  ].join('|'),
  'gi',
)

function host(url: string): string {
  return /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/)?(?:www\.)?([\w.-]*)/i.exec(url)?.[1] ?? ''
}

/**
 * Plain text as nodes in which nothing acts: addresses shrink to their host's name, mentions, references, commands
 * and formulas become code, which a code host neither links nor notifies.
 */
export function defuse(text: string): PhrasingContent[] {
  const nodes: PhrasingContent[] = []
  let at = 0
  for (const found of text.matchAll(active)) {
    if (found.index > at) nodes.push({ type: 'text', value: text.slice(at, found.index) })
    at = found.index + found[0].length
    nodes.push(
      found.groups?.url === undefined
        ? { type: 'inlineCode', value: found[0].trim() }
        : { type: 'inlineCode', value: `${host(found[0]) || 'address'} (link removed)` },
    )
  }
  if (at < text.length) nodes.push({ type: 'text', value: text.slice(at) })
  return nodes
}

/** Whether the text may stand as it is: nothing in it acts and nothing in it is a secret. */
export function isInert(text: string): boolean {
  return text.search(active) < 0 && maskSecrets(text) === text
}

/** A link into the same repository at a fixed commit: the only kind that may stay. */
export function isPermalink(url: string, place: OutputPlace): boolean {
  const root = `${place.webUrl}/${place.owner}/${place.name}/`
  if (!url.toLowerCase().startsWith(root.toLowerCase())) return false
  const rest = url.slice(root.length)
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(decodeSafely(rest))) return false
  return /^(?:blob|tree|commit)\/[0-9a-f]{40}(?:\/[\w.\-/%+@~]*)?(?:#L\d+(?:-L\d+)?)?$/.test(rest)
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return '../'
  }
}
