import { styleText } from 'node:util'
import type { PhrasingContent, RootContent, Table } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'

type Style = Parameters<typeof styleText>[0]
/** Colours only where the terminal shows them; tests and pipes get plain text. */
export type Paint = (style: Style, text: string) => string
export const plain: Paint = (_style, text) => text
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false })

/** GitHub's Markdown as lines of a terminal, wrapped at `width` columns. HTML shows only as its summary lines. */
export function markdownLines(text: string, options: { width: number; paint: Paint }): string[] {
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  return blocks(tree.children, options)
}

function blocks(nodes: readonly RootContent[], options: { width: number; paint: Paint }): string[] {
  return nodes.flatMap((node, index) => {
    const lines = block(node, options)
    return index > 0 && lines.length > 0 ? ['', ...lines] : lines
  })
}

function block(node: RootContent, options: { width: number; paint: Paint }): string[] {
  const { width, paint } = options
  switch (node.type) {
    case 'heading':
      return [paint('bold', inline(node.children, paint))]
    case 'paragraph':
      return wrap(inline(node.children, paint), width)
    case 'code': {
      const about = node.lang === 'suggestion' ? [paint('dim', 'suggested change')] : []
      return [...about, ...node.value.split('\n').map(line => paint('cyan', `  ${line}`))]
    }
    case 'list':
      return node.children.flatMap((item, index) => {
        const bullet = node.ordered ? `${(node.start ?? 1) + index}. ` : '• '
        const inner = blocks(item.children, { ...options, width: width - bullet.length })
        return inner.map((line, at) => (at === 0 ? bullet : ' '.repeat(bullet.length)) + line)
      })
    case 'blockquote':
      return blocks(node.children, { ...options, width: width - 2 }).map(line => `│ ${line}`)
    case 'table':
      return tableLines(node, paint)
    case 'html': {
      const summary = /<summary>(.*?)<\/summary>/.exec(node.value)?.[1]
      return summary === undefined ? [] : [paint('bold', `▸ ${summary}`)]
    }
    case 'thematicBreak':
      return ['─'.repeat(Math.min(width, 40))]
    default:
      return 'children' in node ? wrap(inline(node.children as PhrasingContent[], paint), width) : []
  }
}

function inline(nodes: readonly PhrasingContent[], paint: Paint): string {
  return nodes
    .map((node): string => {
      switch (node.type) {
        case 'text':
          return node.value.replaceAll('\n', ' ')
        case 'inlineCode':
          return paint('cyan', node.value)
        case 'strong':
          return paint('bold', inline(node.children, paint))
        case 'break':
          return '\n'
        case 'html':
          return ''
        default:
          return 'children' in node ? inline(node.children, paint) : ''
      }
    })
    .join('')
}

function tableLines(table: Table, paint: Paint): string[] {
  const rows = table.children.map(row => row.children.map(cell => inline(cell.children, plain)))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map((row, index) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
    return index === 0 ? paint('dim', line) : line
  })
}

const escapes = /\u001B\[[0-9;]*m/g

/** Breaks at spaces; what a style adds takes no room. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap(paragraph => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (line !== '' && longer.replace(escapes, '').length > width) {
        lines.push(line)
        line = word
      } else line = longer
    }
    return [...lines, line]
  })
}
