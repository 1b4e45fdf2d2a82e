import { html } from '../core/report/html.ts'
import type { Page, Site } from '../pages/frame.ts'
import type { Ticket } from '../core/ticket.ts'

const navigation = [
  { href: '/', text: 'Cycle' },
  { href: '/experiments', text: 'Experiments' },
  { href: '/releases', text: 'Releases' },
  { href: '/quarantine', text: 'Quarantine' },
  { href: '/actions', text: 'Asked' },
  { href: '/audit', text: 'Audit' },
  { href: '/cost', text: 'Cost' },
]

/** What stands around every page: without a session, nothing to go to. */
export function siteFor(session: Ticket | null, token: string): Site {
  if (session === null) return { name: 'Cupel', navigation: [] }
  return {
    name: 'Cupel',
    navigation,
    aside: html`<form method="post" action="/sign-out">
      <span>Signed in as ${session.login}</span><input type="hidden" name="token" value="${token}" /><button>
        Sign out
      </button>
    </form>`,
  }
}

export const signInPage = (why: string | null): Page => ({
  title: 'Sign in',
  status: 401,
  body: html`${why === null ? null : html`<div class="notice bad" role="alert"><p>${why}</p></div>`}
    <p>
      There are no passwords here. On the machine that runs Cupel, <code>npx cupel dashboard --as LOGIN</code>
      prints a link that signs you in. It works once, within ten minutes.
    </p>`,
})

/** The session begins with the next page: this one may have been reached from another site, which gets no cookie of ours. */
export const signedInPage = (login: string, to: string): Page => ({
  title: 'Signed in',
  refresh: { seconds: 0, to },
  body: html`<p>Signed in as ${login}. <a href="${to}">Go on</a></p>`,
})

export const messagePage = (status: number, title: string, words: string): Page => ({
  title,
  status,
  body: html`<p>${words}</p>`,
})
