import { escapeHtml } from './escape-html.ts'
import { printableLines } from './printable.ts'

/** HTML that may stand as it is. Only `html` makes it, so nothing that came from outside is one. */
export class Markup {
  readonly #text: string
  private constructor(text: string) {
    this.#text = text
  }
  static join(parts: readonly string[], values: readonly Shown[]): Markup {
    return new Markup(parts.map((part, index) => part + shown(values[index] ?? null)).join(''))
  }
  toString(): string {
    return this.#text
  }
}

export type Shown = string | number | Markup | null | readonly Shown[]

/**
 * HTML in which every value but other markup is text: escaped, and with control, invisible and bidirectional characters
 * spelled out. Attributes stand in double quotes. Null is nothing.
 */
export function html(parts: TemplateStringsArray, ...values: Shown[]): Markup {
  return Markup.join(parts, values)
}

function shown(value: Shown): string {
  if (value === null) return ''
  if (value instanceof Markup) return value.toString()
  if (typeof value === 'object') return value.map(shown).join('')
  return escapeHtml(printableLines(String(value)).join('\n'))
}
