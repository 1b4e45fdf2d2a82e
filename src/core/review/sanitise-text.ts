import type { PhrasingContent } from 'mdast'
import { hideSecrets } from '../secrets.ts'

/** Where output will stand: links may lead only into this repository. */
export interface OutputPlace {
  owner: string
  name: string
  /** `https://github.com`, without a slash at its end. */
  webUrl: string
}

const masked = '[secret removed]'

/** Replaces what looks like a credential. Commit hashes and identifiers stay. */
export function maskSecrets(text: string): string {
  return hideSecrets(text, () => masked)
}

/** What a code host turns into a link, a notification or a command although it is plain text. */
const active = new RegExp(
  [
    String.raw`(?<url>(?:[a-z][a-z0-9+.-]{1,20}:)?\/\/[^\s<>"'\x60]+|\bwww\.[^\s<>"'\x60]*|\b(?:mailto|javascript|data|vbscript|xmpp|tel):[^\s<>"'\x60]+)`,
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
