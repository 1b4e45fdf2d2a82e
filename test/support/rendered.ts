import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'

/** HTML that Cupel writes itself. */
const own =
  /^(?:<\/?sub>|<\/details>|<details(?: open)?><summary>[\w ().,$]*<\/summary>|(?:<!-- cupel:[\w:.-]+ -->\n?)+)$/

const refused = new Set<Nodes['type']>([
  'image',
  'imageReference',
  'linkReference',
  'definition',
  'footnoteReference',
  'footnoteDefinition',
  'yaml',
])

const activeText: readonly [RegExp, string][] = [
  [/(?:^|[^\w`])@[a-z\d]/i, 'mention'],
  [/#\d|\bGH-\d/i, 'reference'],
  [/\/\/\w|\bwww\.\w/i, 'address'],
  [/[\w.]@\w+\.\w/, 'e-mail address'],
]

function inspect(node: Nodes, repository: string, found: string[]): void {
  if (refused.has(node.type)) found.push(node.type)
  if (node.type === 'html' && !own.test(node.value)) found.push(`html ${node.value}`)
  if (node.type === 'link' && !node.url.startsWith(repository)) found.push(`link ${node.url}`)
  if (node.type === 'code' && /^(?:mermaid|math|geojson|topojson|stl)$/i.test(node.lang ?? ''))
    found.push(`renderer ${node.lang}`)
  if (node.type === 'text')
    for (const [pattern, name] of activeText)
      if (pattern.test(node.value)) found.push(`${name} in ${node.value}`)
  if ('children' in node) for (const child of node.children) inspect(child, repository, found)
}

/** What in Markdown would act on a reader, a bot or the network, as a code host renders it; empty when nothing would. */
export function activeParts(markdown: string, repository = 'https://github.com/acme/shop/blob/'): string[] {
  const found: string[] = []
  inspect(
    fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }),
    repository,
    found,
  )
  for (const line of markdown.split('\n'))
    if (/^(?:\/[a-z]|@\w)/i.test(line)) found.push(`command ${line.slice(0, 40)}`)
  if (/[\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/u.test(markdown))
    found.push('invisible character')
  return found
}
