import { git, gitText, readObject, resolveCommit } from '../git.ts'
import { ok, page, repositoryOf, writerOf, type Call, type Route } from '../http.ts'
import { api, renderFullUser, renderRepository, renderUser, repoPath } from '../render.ts'
import { keyOf, nodeId, permissionOf, type Repository } from '../state.ts'
import { compare, mergeBaseOf, notFound, Refusal, type World } from '../world.ts'
import { renderFile } from './pulls.ts'

/** Larger files have to be read as raw. */
const MAX_JSON_CONTENT = 1_000_000

const links = (world: World, repo: Repository, path: string, ref: string, sha: string, kind: string) => {
  const url = `${api(world, repoPath(repo))}/contents/${encodeURI(path)}?ref=${ref}`
  const gitUrl = `${api(world, repoPath(repo))}/git/${kind === 'dir' ? 'trees' : 'blobs'}/${sha}`
  const page = api(world, `/${repo.owner.login}/${repo.name}/blob/${ref}/${encodeURI(path)}`)
  return {
    url,
    html_url: page,
    git_url: gitUrl,
    download_url: kind === 'file' ? url : null,
    _links: { self: url, git: gitUrl, html: page },
  }
}

const listFolder = async (world: World, repo: Repository, path: string, ref: string) => {
  const listing = await gitText(repo.dir, ['ls-tree', '-z', '-l', `${ref}:${path}`])
  return listing
    .split('\0')
    .filter(line => line !== '')
    .map(line => {
      const [meta = '', name = ''] = line.split('\t')
      const [, type, sha = '', size = '0'] = meta.split(/\s+/)
      const kind = type === 'tree' ? 'dir' : type === 'commit' ? 'submodule' : 'file'
      const full = path === '' ? name : `${path}/${name}`
      return {
        type: kind,
        size: Number(size) || 0,
        name,
        path: full,
        sha,
        ...links(world, repo, full, ref, sha, kind),
      }
    })
}

const contents = async (call: Call) => {
  const repo = repositoryOf(call, 'contents:read')
  const path = (call.params['path'] ?? '').replace(/^\/+|\/+$/g, '')
  const ref = call.query.get('ref') ?? repo.defaultBranch
  const sha = (await resolveCommit(repo.dir, ref)) ?? (await resolveCommit(repo.dir, `refs/heads/${ref}`))
  if (sha === null) throw new Refusal(404, `No commit found for the ref ${ref}`)
  const object = await readObject(repo.dir, `${sha}:${path}`)
  if (object === null) throw notFound()
  if (object.type === 'tree') return ok(await listFolder(call.world, repo, path, sha))
  if (call.media === 'raw') {
    return { status: 200, body: object.bytes, type: 'application/vnd.github.raw+json; charset=utf-8' }
  }
  const large = object.bytes.length > MAX_JSON_CONTENT
  return ok({
    type: 'file',
    encoding: large ? 'none' : 'base64',
    size: object.bytes.length,
    name: path.split('/').at(-1) ?? '',
    path,
    content: large ? '' : object.bytes.toString('base64').replace(/.{60}/g, '$&\n'),
    sha: object.sha,
    ...links(call.world, repo, path, ref, object.sha, 'file'),
  })
}

const renderCommit = async (world: World, repo: Repository, sha: string) => {
  const [tree = '', parents = '', name = '', email = '', date = '', ...message] = (
    await gitText(repo.dir, ['show', '-s', '--format=%T%n%P%n%an%n%ae%n%aI%n%B', sha])
  ).split('\n')
  const url = `${api(world, repoPath(repo))}/commits/${sha}`
  const page = api(world, `/${repo.owner.login}/${repo.name}/commit/${sha}`)
  const who = { name, email, date }
  const author = world.state.users.get(keyOf(name))
  const account = author === undefined ? null : renderUser(world, author)
  return {
    url,
    sha,
    node_id: nodeId('C', repo.id),
    html_url: page,
    comments_url: `${url}/comments`,
    commit: {
      url: `${api(world, repoPath(repo))}/git/commits/${sha}`,
      author: who,
      committer: who,
      message: message.join('\n').trim(),
      comment_count: 0,
      tree: { sha: tree, url: `${api(world, repoPath(repo))}/git/trees/${tree}` },
    },
    author: account,
    committer: account,
    parents: parents
      .split(' ')
      .filter(parent => parent !== '')
      .map(parent => ({
        sha: parent,
        url: `${api(world, repoPath(repo))}/commits/${parent}`,
        html_url: page,
      })),
  }
}

/** How many of a comparison's files and commits GitHub lists. */
const MAX_COMPARED_FILES = 300

const comparison = async (call: Call) => {
  const repo = repositoryOf(call, 'contents:read')
  const [from = '', to = ''] = (call.params['basehead'] ?? '').split('...')
  const [base, head] = await Promise.all([resolveCommit(repo.dir, from), resolveCommit(repo.dir, to)])
  if (base === null || head === null) throw notFound()
  const mergeBase = await mergeBaseOf(repo, base, head)
  const { files, diff } = await compare(call.world, repo, mergeBase, head)
  if (call.media === 'diff')
    return { status: 200, body: diff, type: 'application/vnd.github.diff; charset=utf-8' }
  const [behind = 0, ahead = 0] = (
    await gitText(repo.dir, ['rev-list', '--left-right', '--count', `${base}...${head}`])
  )
    .split('\t')
    .map(Number)
  const shas = (await git(repo.dir, ['rev-list', '--reverse', `${base}..${head}`]))
    .toString()
    .split('\n')
    .filter(sha => sha !== '')
  const status =
    ahead > 0 && behind > 0 ? 'diverged' : ahead > 0 ? 'ahead' : behind > 0 ? 'behind' : 'identical'
  const url = `${api(call.world, repoPath(repo))}/compare/${from}...${to}`
  const answer = {
    url,
    html_url: url,
    permalink_url: url,
    diff_url: `${url}.diff`,
    patch_url: `${url}.patch`,
    base_commit: await renderCommit(call.world, repo, base),
    merge_base_commit: await renderCommit(call.world, repo, mergeBase),
    status,
    ahead_by: ahead,
    behind_by: behind,
    total_commits: shas.length,
  }
  const commits = await Promise.all(shas.slice(0, 250).map(sha => renderCommit(call.world, repo, sha)))
  return page(
    call,
    commits,
    one => one,
    listed => ({
      ...answer,
      commits: listed,
      files: files.slice(0, MAX_COMPARED_FILES).map(file => renderFile(call.world, repo, head, file)),
    }),
  )
}

export const repositoryRoutes: Route[] = [
  {
    method: 'GET',
    path: '/repos/{owner}/{repo}',
    handle: call => {
      const repo = repositoryOf(call, 'metadata:read')
      return ok({ ...renderRepository(call.world, repo), network_count: 0, subscribers_count: 0 })
    },
  },
  { method: 'GET', path: '/repos/{owner}/{repo}/contents/{path}', handle: contents },
  { method: 'GET', path: '/repos/{owner}/{repo}/compare/{basehead}', handle: comparison },
  {
    method: 'GET',
    path: '/repos/{owner}/{repo}/collaborators/{username}/permission',
    handle: call => {
      const repo = repositoryOf(call, 'metadata:read')
      const user = call.world.state.users.get(keyOf(call.params['username'] ?? ''))
      // A bot is no collaborator: GitHub says that it is not a user.
      if (user === undefined || user.type === 'Bot') throw notFound()
      const role = permissionOf(repo, user.login)
      // The older field knows four levels only; role_name tells the rest.
      const legacy =
        role === null ? 'none' : role === 'maintain' ? 'write' : role === 'triage' ? 'read' : role
      return ok({
        permission: legacy,
        role_name: role ?? 'none',
        user: { ...renderUser(call.world, user), role_name: role ?? 'none' },
      })
    },
  },
  { method: 'GET', path: '/user', handle: call => ok(renderFullUser(call.world, writerOf(call.actor))) },
  {
    method: 'GET',
    path: '/users/{username}',
    handle: call => {
      const user = call.world.state.users.get(keyOf(call.params['username'] ?? ''))
      if (user === undefined) throw notFound()
      return ok(renderFullUser(call.world, user))
    },
  },
]
