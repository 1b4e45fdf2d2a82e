import { emit } from '../events.ts'
import { resolveCommit } from '../git.ts'
import { created, ok, page, repositoryOf, text, type Call, type Route } from '../http.ts'
import { renderCheckRun } from '../render.ts'
import { nextId, type Annotation, type CheckRun, type User } from '../state.ts'
import { forbidden, notFound, unprocessable, type World } from '../world.ts'

const checkIn = (call: Call, need: 'checks:read' | 'checks:write'): CheckRun => {
  const repo = repositoryOf(call, need)
  const check = call.world.state.checks.get(Number(call.params['check_run_id']))
  if (check === undefined || check.repo !== repo) throw notFound()
  return check
}

/** Check runs belong to Apps: a person's token may read them only. */
const onlyApps = (call: Call): void => {
  if (call.actor.kind !== 'installation') throw forbidden()
}

const apply = (world: World, check: CheckRun, body: Record<string, unknown>): void => {
  const output = body['output'] as
    | { title?: string; summary: string; text?: string; annotations?: Annotation[] }
    | undefined
  const conclusion = text(body, 'conclusion')
  const status = conclusion === undefined ? text(body, 'status') : 'completed'
  const now = world
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
  check.name = text(body, 'name') ?? check.name
  check.externalId = text(body, 'external_id') ?? check.externalId
  check.detailsUrl = text(body, 'details_url') ?? check.detailsUrl
  check.startedAt = text(body, 'started_at') ?? check.startedAt
  check.conclusion = conclusion ?? (status === undefined || status === 'completed' ? check.conclusion : null)
  check.completedAt = text(body, 'completed_at') ?? (conclusion === undefined ? check.completedAt : now)
  check.status = status ?? check.status
  if (output === undefined) return
  check.output.title = output.title ?? check.output.title
  check.output.summary = output.summary
  check.output.text = output.text ?? check.output.text
  // Annotations add up over updates: that is how more than fifty get there.
  check.output.annotations.push(...(output.annotations ?? []))
}

export const emitCheck = (world: World, check: CheckRun, sender: User, action: string): void =>
  emit(world, check.repo, sender, 'check_run', {
    action,
    check_run: {
      ...renderCheckRun(world, check),
      check_suite: {
        id: check.id,
        head_sha: check.headSha,
        head_branch: null,
        status: check.status,
        conclusion: check.conclusion,
      },
    },
  })

const create = async (call: Call) => {
  const repo = repositoryOf(call, 'checks:write')
  onlyApps(call)
  const headSha = String(call.body['head_sha'])
  if ((await resolveCommit(repo.dir, headSha)) === null)
    throw unprocessable(`No commit found for SHA: ${headSha}`)
  const check: CheckRun = {
    id: nextId(call.world.state),
    repo,
    name: '',
    headSha,
    status: 'queued',
    conclusion: null,
    externalId: '',
    detailsUrl: null,
    startedAt: call.world
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z'),
    completedAt: null,
    output: { title: null, summary: null, text: null, annotations: [] },
  }
  apply(call.world, check, call.body)
  repo.checks.push(check)
  call.world.state.checks.set(check.id, check)
  emitCheck(call.world, check, call.world.app.bot, 'created')
  return created(renderCheckRun(call.world, check))
}

const update = (call: Call) => {
  const check = checkIn(call, 'checks:write')
  onlyApps(call)
  const before = check.status
  apply(call.world, check, call.body)
  if (before !== 'completed' && check.status === 'completed')
    emitCheck(call.world, check, call.world.app.bot, 'completed')
  return ok(renderCheckRun(call.world, check))
}

const listForRef = async (call: Call) => {
  const repo = repositoryOf(call, 'checks:read')
  const sha = await resolveCommit(repo.dir, call.params['ref'] ?? '')
  if (sha === null) throw unprocessable(`No commit found for SHA: ${call.params['ref']}`)
  const name = call.query.get('check_name')
  const status = call.query.get('status')
  const found = repo.checks
    .filter(
      one =>
        one.headSha === sha &&
        (name === null || one.name === name) &&
        (status === null || one.status === status),
    )
    .toReversed()
  // By default only the newest run of each name is listed.
  const latest =
    call.query.get('filter') === 'all'
      ? found
      : [...new Map(found.toReversed().map(one => [one.name, one])).values()]
  return page(
    call,
    latest,
    one => renderCheckRun(call.world, one),
    runs => ({ total_count: latest.length, check_runs: runs }),
  )
}

const CHECK = '/repos/{owner}/{repo}/check-runs/{check_run_id}'

export const checkRoutes: Route[] = [
  { method: 'POST', path: '/repos/{owner}/{repo}/check-runs', handle: create },
  {
    method: 'GET',
    path: CHECK,
    handle: call => ok(renderCheckRun(call.world, checkIn(call, 'checks:read'))),
  },
  { method: 'PATCH', path: CHECK, handle: update },
  {
    method: 'GET',
    path: `${CHECK}/annotations`,
    handle: call =>
      page(call, checkIn(call, 'checks:read').output.annotations, one => ({
        start_column: null,
        end_column: null,
        title: null,
        raw_details: null,
        blob_href: '',
        ...one,
      })),
  },
  { method: 'GET', path: '/repos/{owner}/{repo}/commits/{ref}/check-runs', handle: listForRef },
]
