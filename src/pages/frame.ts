import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html, type Markup } from '../core/report/html.ts'

const style = readFileSync(new URL('style.css', import.meta.url), 'utf8')

/** For a Content-Security-Policy that lets this style pass and no other. */
export const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`
/** Markup by the one way there is: the style is ours, and holds nothing that HTML would end. */
const styleElement = (text: string): string => `<style>${text}</style>`

export interface Page {
  title: string
  body: Markup
  /** Default 200. */
  status?: number
  /** Where to go on, and after how many seconds. */
  refresh?: { seconds: number; to: string }
}

export interface Site {
  name: string
  navigation: readonly { href: string; text: string }[]
  /** What stands to the right of the navigation. */
  aside?: Markup
}

/** A whole document. `at` is the path that is shown, for the navigation. */
export function documentOf(site: Site, { title, body, refresh }: Page, at: string): string {
  const links = site.navigation.map(({ href, text }) =>
    isWithin(at, href)
      ? html`<a href="${href}" aria-current="page">${text}</a>`
      : html`<a href="${href}">${text}</a>`,
  )
  const head = html`<meta charset="utf-8" /><meta
      name="viewport"
      content="width=device-width, initial-scale=1"
    />
    <meta name="color-scheme" content="light dark" /><title>${title} · ${site.name}</title>
    ${refresh === undefined ? null : html`<meta http-equiv="refresh" content="${refresh.seconds};url=${refresh.to}" />`}`
  const content = html`<body><a class="skip" href="#content">To the content</a>
<header><p class="name">${site.name}</p><nav aria-label="Pages">${links}</nav>${site.aside ?? null}</header>
<main id="content"><h1>${title}</h1>
${body}
</main></body></html>
`
  return `<!doctype html>\n<html lang="en"><head>${head.toString()}${styleElement(style)}</head>\n${content.toString()}`
}

function isWithin(at: string, href: string): boolean {
  return href === '/' ? at === '/' : at === href || at.startsWith(`${href}/`)
}
