import { html, type Markup } from '../core/report/html.ts'
import type { Criterion } from '../core/gate/criteria.ts'

const width = 200

/** Where the true value lies, what was seen, and the line that must be passed: a picture of what stands beside it as text. */
export function boundsBar({ name, value, required, bounds }: Criterion): Markup {
  const seen = [value, bounds?.low, bounds?.high].filter(each => each !== null && each !== undefined)
  const isDifference = required < 0
  const reach = Math.max(-2 * required, ...seen.map(Math.abs))
  const low = isDifference ? -reach : Math.max(0, Math.min(required, ...seen) - 0.1)
  const high = isDifference ? reach : 1
  const x = (at: number): string => ((width * (at - low)) / (high - low)).toFixed(1)
  const span = (from: number, to: number): string => Math.max(1, Number(x(to)) - Number(x(from))).toFixed(1)
  const label = [
    value === null ? `${name} not measured` : `${name} ${value.toFixed(3)}`,
    ...(bounds === null ? [] : [`true value within ${bounds.low.toFixed(3)} to ${bounds.high.toFixed(3)}`]),
    `must exceed ${required.toFixed(3)}`,
  ].join(', ')
  const band =
    bounds === null
      ? null
      : html`<rect
          class="band"
          x="${x(bounds.low)}"
          y="5"
          width="${span(bounds.low, bounds.high)}"
          height="8"
        ></rect>`
  const mark =
    value === null
      ? null
      : html`<rect
          class="value"
          x="${Math.min(width - 2, Number(x(value)))}"
          y="2"
          width="2"
          height="14"
        ></rect>`
  return picture(
    label,
    html`${band}${mark}<line class="limit" x1="${x(required)}" x2="${x(required)}" y1="0" y2="18"></line>`,
  )
}

/** A share of the way, 0 to 1. */
export function progressBar(share: number, label: string): Markup {
  const part = Math.min(1, Math.max(0, share))
  const kind = part >= 1 ? 'good' : 'fill'
  return picture(
    label,
    html`<rect class="${kind}" x="0" y="7" width="${(width * part).toFixed(1)}" height="4"></rect>`,
  )
}

function picture(label: string, content: Markup): Markup {
  return html`<svg
    class="bar"
    viewBox="0 0 ${width} 18"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    <rect class="track" x="0" y="7" width="${width}" height="4"></rect>
    ${content}
  </svg>`
}
