import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { branchMoved } from './actions.ts'
import type { Actor } from './auth.ts'
import { reaches } from './auth.ts'
import { gitText } from './git.ts'
import { keyOf, permissionOf, type Repository } from './state.ts'
import type { World } from './world.ts'

export const GIT_PATH =
  /^\/([^/]+)\/([^/]+?)\.git\/(info\/refs|git-upload-pack|git-receive-pack|HEAD|objects\/.*)$/

const branches = async (repo: Repository): Promise<Map<string, string>> => {
  const listed = await gitText(repo.dir, [
    'for-each-ref',
    '--format=%(refname:strip=2) %(objectname)',
    'refs/heads',
  ])
  return new Map(listed.split('\n').map(line => line.split(' ') as [string, string]))
}

const may = (actor: Actor, repo: Repository, push: boolean): boolean => {
  if (actor.kind === 'installation') {
    const level = actor.token.permissions['contents']
    return reaches(actor.token, repo) && (level === 'write' || (level === 'read' && !push))
  }
  const role = actor.kind === 'user' ? permissionOf(repo, actor.user.login) : repo.private ? null : 'read'
  return push ? role === 'write' || role === 'maintain' || role === 'admin' : role !== null
}

/** git's smart HTTP through `git http-backend`; a push moves pull requests like any other. */
export const serveGit = async (
  world: World,
  actor: Actor,
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
): Promise<void> => {
  const [, owner = '', name = '', service = ''] = GIT_PATH.exec(target.pathname) ?? []
  const repo = world.state.repositories.get(keyOf(owner, name))
  const push = service === 'git-receive-pack' || target.searchParams.get('service') === 'git-receive-pack'
  if (repo === undefined || !may(actor, repo, push)) {
    const status = actor.kind === 'nobody' ? 401 : repo === undefined ? 404 : 403
    response.writeHead(status, status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}).end()
    return
  }
  const before = service === 'git-receive-pack' ? await branches(repo) : null
  const who = actor.kind === 'user' ? actor.user : world.app.bot
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      GIT_PROJECT_ROOT: repo.dir,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      PATH_INFO: `/${service}`,
      REQUEST_METHOD: request.method ?? 'GET',
      QUERY_STRING: target.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: actor.kind === 'nobody' ? '' : who.login,
      REMOTE_ADDR: '127.0.0.1',
    },
  })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
  if (before !== null) {
    for (const [branch, sha] of await branches(repo))
      if (before.get(branch) !== sha) await branchMoved(world, repo, branch, who)
  }
  const answer = Buffer.concat(chunks)
  const end = answer.indexOf('\r\n\r\n')
  const headers = new Map(
    answer
      .subarray(0, Math.max(end, 0))
      .toString()
      .split('\r\n')
      .map(line => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
      }),
  )
  const status = end < 0 ? 500 : Number(headers.get('status')?.split(' ')[0] ?? 200)
  headers.delete('status')
  headers.delete('')
  response.writeHead(status, Object.fromEntries(headers)).end(answer.subarray(end + 4))
}
