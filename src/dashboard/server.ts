import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { formToken, isFormToken, openTicket, type Ticket } from '../core/ticket.ts'
import { documentOf, type Page } from '../pages/frame.ts'
import { pathOf } from '../pages/parts.ts'
import { pathParts, sendJson, sendPage } from '../pages/respond.ts'
import type { Cycle, Hand } from '../ports/dashboard.ts'
import { isFromOwnPage, readForm } from './body.ts'
import { readAsked } from './forms.ts'
import { routes } from './routes.ts'
import { endedCookie, sessionCookie, sessionOf } from './session.ts'
import { messagePage, signedInPage, signInPage, siteFor } from './site.ts'

export interface DashboardOptions {
  cycle: Cycle
  hand: Hand
  /** Signs links, sessions and forms: CUPEL_SESSION_SECRET. */
  secret: string
  clock: { now(): Date }
  /** A name for one action, that nobody had before. */
  drawKey(): string
  /** Exposition text for GET /metrics. */
  metrics: { contentType: string; render(): Promise<string> }
  log: { error(fields: object, message: string): void; info(fields: object, message: string): void }
}

/** The whole cycle for administrators, and their hand: they ask, the gate decides. Everything but its health needs a session. */
export function createDashboardServer(options: DashboardOptions): Server {
  const { cycle, hand, secret, clock, drawKey, metrics, log } = options
  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'the dashboard could not answer')
      if (response.headersSent) return
      show(request, response, null, messagePage(503, 'No answer', 'The database does not answer; try again.'))
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '/', 'http://dashboard')
    const session = sessionOf(request, secret, clock.now().getTime())
    if (url === null)
      return show(request, response, session, messagePage(400, 'Not understood', 'That is no address.'))
    const [first = '', id = '', ...more] = pathParts(url.pathname)
    if (request.method === 'POST') return post(request, response, session, url.pathname)
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuseMethod(request, response, session, 'GET, HEAD')
    switch (url.pathname) {
      case '/healthz':
        return sendJson(response, 200, { status: 'alive' })
      case '/readyz':
        await cycle.settings()
        return sendJson(response, 200, { status: 'ready' })
      case '/metrics':
        return void response
          .writeHead(200, { 'content-type': metrics.contentType })
          .end(await metrics.render())
      case '/sign-in':
        return signIn(request, response, url.searchParams)
    }
    if (session === null) return show(request, response, null, signInPage(null))
    const marks = { token: formToken(secret, session), key: drawKey() }
    const route = Object.hasOwn(routes, first) && more.length === 0 ? routes[first] : undefined
    const page = await route?.({ cycle, id, query: url.searchParams, marks, now: clock.now() })
    show(request, response, session, page ?? messagePage(404, 'Not found', 'There is nothing here.'))
  }

  /** Following a link: HEAD, by which a chat may look at it first, does not use it up. */
  async function signIn(
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
  ): Promise<void> {
    const now = clock.now().getTime()
    const ticket = openTicket(secret, 'sign-in', query.get('token') ?? '', now)
    const refuse = (why: string): void => show(request, response, null, signInPage(why))
    if (ticket === 'forged') return refuse('This is no sign-in link of this Cupel.')
    if (ticket === 'expired') return refuse('This link is older than ten minutes.')
    if (request.method === 'HEAD') return show(request, response, null, signInPage(null))
    const { login, id, expiresAt } = ticket
    if (!(await hand.useSignIn({ nonce: id, login, expiresAt: new Date(expiresAt) })))
      return refuse('This link was followed before.')
    log.info({ login }, 'somebody signed in')
    show(request, response, ticket, signedInPage(login, ownPath(query.get('to'))), {
      'set-cookie': sessionCookie(request, secret, ticket, now),
    })
  }

  async function post(
    request: IncomingMessage,
    response: ServerResponse,
    session: Ticket | null,
    path: string,
  ): Promise<void> {
    const refuse = (status: number, words: string): void =>
      show(request, response, session, messagePage(status, 'Nothing was done', words), {
        // What was not read of the body is not read any more.
        connection: 'close',
      })
    if (path !== '/actions' && path !== '/sign-out')
      return refuseMethod(request, response, session, 'GET, HEAD')
    if (session === null) return show(request, response, null, signInPage(null), { connection: 'close' })
    if (!isFromOwnPage(request)) return refuse(403, 'This form was not sent by a page of this dashboard.')
    const fields = await readForm(request)
    if (fields === 415) return refuse(415, 'Only forms are taken.')
    if (fields === 413) return refuse(413, 'That is more than a form can hold.')
    if (!isFormToken(secret, session, fields.get('token') ?? ''))
      return refuse(403, 'This form is of another session; load its page again.')
    if (path === '/sign-out') {
      return void response.writeHead(303, { location: '/', 'set-cookie': endedCookie(request) }).end()
    }
    const read = readAsked(fields)
    if ('wrong' in read) return refuse(400, read.wrong)
    const { refused } = await hand.ask({ ...read.asked, actor: session.login })
    if (refused !== null) return refuse(400, refused)
    response.writeHead(303, { location: pathOf('actions', read.asked.id) }).end()
  }

  function refuseMethod(
    request: IncomingMessage,
    response: ServerResponse,
    session: Ticket | null,
    allow: string,
  ): void {
    show(request, response, session, messagePage(405, 'Not possible', `Here is only ${allow}.`), {
      allow,
      connection: 'close',
    })
  }

  function show(
    request: IncomingMessage,
    response: ServerResponse,
    session: Ticket | null,
    page: Page,
    headers: Record<string, string> = {},
  ): void {
    const site = siteFor(session, session === null ? '' : formToken(secret, session))
    const at = (request.url ?? '/').split('?', 1)[0] ?? '/'
    sendPage(response, page.status ?? 200, documentOf(site, page, at), {
      'cache-control': 'no-store',
      ...headers,
    })
  }
}

/** A path of ours to go on to, and nobody else's address. */
function ownPath(to: string | null): string {
  return to !== null && /^\/(?![/\\])[\w\-./~%?=&]*$/.test(to) ? to : '/'
}
