import { html, type Markup, type Shown } from '../core/report/html.ts'

/** The path of one thing: its id is one part of it, whatever it holds. */
export const pathOf = (collection: string, id: string): string => `/${collection}/${encodeURIComponent(id)}`

export function link(collection: string, id: string, text: Shown = id): Markup {
  return html`<a href="${pathOf(collection, id)}">${text}</a>`
}

/** To the minute, UTC; the whole of it on hover. */
export function time(at: Date): Markup {
  const iso = at.toISOString()
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(0, 16).replace('T', ' ')}</time>`
}

export type Cell = Shown

/** Numbers stand to the right. On a narrow screen it scrolls by itself. */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
): Markup {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${headings.map(each => html`<th scope="col">${each}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          row =>
            html`<tr>
              ${row.map(cellOf)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function cellOf(cell: Cell): Markup {
  return typeof cell === 'number' ? html`<td class="number">${cell}</td>` : html`<td>${cell}</td>`
}

/** Names beside what is said of them. */
export function facts(pairs: readonly (readonly [string, Cell])[]): Markup {
  return html`<dl>
    ${pairs.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`
}

export function section(title: string, ...content: Cell[]): Markup {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`
}

export function list(lines: readonly Cell[]): Markup {
  return html`<ul>
    ${lines.map(line => html`<li>${line}</li>`)}
  </ul>`
}

/** A sentence, in which commands stand in backticks. */
export function prose(text: string): Markup {
  return html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}

export function json(value: unknown): Markup {
  return html`<pre tabindex="0"><code>${JSON.stringify(value, null, 2)}</code></pre>`
}

export type Mood = 'good' | 'bad' | 'warm' | 'plain'

/** One word about a state; what it means is never in the colour alone. */
export function badge(word: string, mood: Mood): Markup {
  return html`<span class="badge ${mood}">${word}</span>`
}
