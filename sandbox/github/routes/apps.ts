import { mintToken, reaches } from '../auth.ts'
import { created, MAX_PAGE, ok, page, type Answer, type Call, type Route } from '../http.ts'
import { renderApp, renderInstallation, renderRepository, renderUser } from '../render.ts'
import { installationOf, keyOf, type Access, type Installation } from '../state.ts'
import type { Delivery } from '../webhooks.ts'
import { forbidden, notFound, Refusal } from '../world.ts'

const asApp = (call: Call): void => {
  if (call.actor.kind !== 'app') throw new Refusal(401, 'A JSON web token could not be decoded')
}

const installationIn = (call: Call): Installation => {
  asApp(call)
  const installation = call.world.state.installations.get(Number(call.params['installation_id']))
  if (installation === undefined) throw notFound()
  return installation
}

const renderDelivery = (delivery: Delivery) => ({
  id: delivery.id,
  guid: delivery.guid,
  delivered_at: delivery.deliveredAt.toISOString(),
  redelivery: delivery.redelivery,
  duration: delivery.duration / 1000,
  status: delivery.status,
  status_code: delivery.statusCode,
  event: delivery.event,
  action: delivery.action,
  installation_id: delivery.installationId,
  repository_id: delivery.repositoryId,
  throttled_at: null,
})

/** Paged by cursor, not by number: what arrives meanwhile moves nothing. */
const listDeliveries = (call: Call): Answer => {
  const wanted = call.query.get('status')
  const size = Math.min(Number(call.query.get('per_page') ?? 30) || 30, MAX_PAGE)
  const all = call.world.webhooks
    .listed()
    .filter(one => wanted === null || (one.status === 'OK') === (wanted === 'success'))
  const cursor = call.query.get('cursor')
  const from = cursor === null ? 0 : all.findIndex(one => `v1_${one.id}` === cursor)
  if (from < 0) throw new Refusal(422, 'Invalid cursor')
  const next = all[from + size]
  const url = new URL(call.target)
  url.searchParams.set('cursor', `v1_${next?.id}`)
  return {
    ...ok(all.slice(from, from + size).map(renderDelivery)),
    headers: next === undefined ? {} : { link: `<${url.href}>; rel="next"` },
  }
}

const deliveryIn = (call: Call): Delivery => {
  asApp(call)
  const delivery = call.world.webhooks.listed().find(one => one.id === Number(call.params['delivery_id']))
  if (delivery === undefined) throw notFound()
  return delivery
}

export const appRoutes: Route[] = [
  {
    method: 'GET',
    path: '/app',
    handle: call => {
      asApp(call)
      return ok({ ...renderApp(call.world), installations_count: call.world.state.installations.size })
    },
  },
  {
    method: 'GET',
    path: '/app/installations',
    handle: call => {
      asApp(call)
      return page(call, [...call.world.state.installations.values()], one =>
        renderInstallation(call.world, one),
      )
    },
  },
  {
    method: 'GET',
    path: '/app/installations/{installation_id}',
    handle: call => ok(renderInstallation(call.world, installationIn(call))),
  },
  {
    method: 'POST',
    path: '/app/installations/{installation_id}/access_tokens',
    handle: call => {
      const installation = installationIn(call)
      const wanted = call.body as { permissions?: Access; repositories?: string[]; repository_ids?: number[] }
      const { value, token } = mintToken(call.world, installation, wanted)
      return created({
        token: value,
        expires_at: new Date(token.expiresAt).toISOString().replace(/\.\d+Z$/, 'Z'),
        permissions: token.permissions,
        repository_selection: 'selected',
      })
    },
  },
  {
    method: 'GET',
    path: '/repos/{owner}/{repo}/installation',
    handle: call => {
      asApp(call)
      const repo = call.world.state.repositories.get(
        keyOf(call.params['owner'] ?? '', call.params['repo'] ?? ''),
      )
      const installation = repo === undefined ? undefined : installationOf(call.world.state, repo)
      if (installation === undefined) throw notFound()
      return ok(renderInstallation(call.world, installation))
    },
  },
  {
    method: 'GET',
    path: '/orgs/{org}/teams/{team_slug}/members',
    handle: call => {
      const { actor, world } = call
      const organisation = world.state.users.get(keyOf(call.params['org'] ?? ''))
      if (actor.kind !== 'installation') throw new Refusal(401, 'Requires authentication')
      // Another organisation's teams are not there for who may not see them.
      if (organisation === undefined || actor.token.installation.account !== organisation) throw notFound()
      if (actor.token.permissions['members'] === undefined) throw forbidden()
      const team = organisation.teams?.get(call.params['team_slug'] ?? '')
      if (team === undefined) throw notFound()
      const members = [...team].flatMap(login => world.state.users.get(login) ?? [])
      return page(call, members, member => renderUser(world, member))
    },
  },
  {
    method: 'GET',
    path: '/installation/repositories',
    handle: call => {
      const { actor } = call
      if (actor.kind !== 'installation')
        throw new Refusal(403, 'You must authenticate with an installation access token')
      const repos = [...call.world.state.repositories.values()].filter(repo => reaches(actor.token, repo))
      return page(
        call,
        repos,
        repo => renderRepository(call.world, repo),
        repositories => ({
          total_count: repos.length,
          repository_selection: 'selected',
          repositories,
        }),
      )
    },
  },
  {
    method: 'GET',
    path: '/app/hook/deliveries',
    handle: call => {
      asApp(call)
      return listDeliveries(call)
    },
  },
  {
    method: 'GET',
    path: '/app/hook/deliveries/{delivery_id}',
    handle: call => {
      const delivery = deliveryIn(call)
      return ok({
        ...renderDelivery(delivery),
        request: {
          headers: { 'x-github-delivery': delivery.guid, 'x-github-event': delivery.event },
          payload: JSON.parse(delivery.body) as unknown,
        },
        response: { headers: {}, payload: delivery.response },
      })
    },
  },
  {
    method: 'POST',
    path: '/app/hook/deliveries/{delivery_id}/attempts',
    handle: call => {
      call.world.webhooks.redeliver(deliveryIn(call).id)
      return { status: 202, body: {} }
    },
  },
]
