import { nodeId, type CheckRun, type Installation, type Repository, type User } from './state.ts'
import type { World } from './world.ts'

export const stamp = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z')

export const api = (world: World, path: string): string => `${world.url()}${path}`
export const repoPath = (repo: Repository): string => `/repos/${repo.owner.login}/${repo.name}`
export const fullName = (repo: Repository): string => `${repo.owner.login}/${repo.name}`

/** The account that GitHub shows for a deleted one. */
const ghost = { login: 'ghost', id: 10_137, type: 'User' } as const

export const renderUser = (world: World, known: User) => {
  const user = known.deleted === true ? ghost : known
  // A bot's brackets are escaped in its addresses.
  const name = encodeURIComponent(user.login)
  const url = api(world, `/users/${name}`)
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId(user.type === 'Bot' ? 'BOT' : 'U', user.id),
    avatar_url: api(world, `/avatars/${user.id}`),
    gravatar_id: '',
    url,
    html_url: api(world, `/${name}`),
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: user.type,
    site_admin: false,
  }
}

export const renderFullUser = (world: World, user: User) => ({
  ...renderUser(world, user),
  name: null,
  company: null,
  blog: null,
  location: null,
  email: null,
  hireable: null,
  bio: null,
  public_repos: 0,
  public_gists: 0,
  followers: 0,
  following: 0,
  created_at: stamp(user.createdAt),
  updated_at: stamp(user.createdAt),
})

const REPOSITORY_LINKS: Record<string, string> = {
  forks_url: '/forks',
  keys_url: '/keys{/key_id}',
  collaborators_url: '/collaborators{/collaborator}',
  teams_url: '/teams',
  hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}',
  events_url: '/events',
  assignees_url: '/assignees{/user}',
  branches_url: '/branches{/branch}',
  tags_url: '/tags',
  blobs_url: '/git/blobs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  git_refs_url: '/git/refs{/sha}',
  trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}',
  languages_url: '/languages',
  stargazers_url: '/stargazers',
  contributors_url: '/contributors',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  commits_url: '/commits{/sha}',
  git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}',
  issue_comment_url: '/issues/comments{/number}',
  contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}',
  merges_url: '/merges',
  archive_url: '/{archive_format}{/ref}',
  downloads_url: '/downloads',
  issues_url: '/issues{/number}',
  pulls_url: '/pulls{/number}',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}',
  releases_url: '/releases{/id}',
  deployments_url: '/deployments',
}

export const renderRepository = (world: World, repo: Repository) => {
  const url = api(world, repoPath(repo))
  const page = api(world, `/${fullName(repo)}`)
  const open = [...repo.pulls.values()].filter(pull => pull.state === 'open').length
  return {
    id: repo.id,
    node_id: nodeId('R', repo.id),
    name: repo.name,
    full_name: fullName(repo),
    private: repo.private,
    owner: renderUser(world, repo.owner),
    html_url: page,
    description: null,
    fork: repo.forkOf !== null,
    url,
    ...Object.fromEntries(Object.entries(REPOSITORY_LINKS).map(([key, tail]) => [key, `${url}${tail}`])),
    created_at: stamp(repo.createdAt),
    updated_at: stamp(repo.pushedAt),
    pushed_at: stamp(repo.pushedAt),
    git_url: `${page}.git`,
    ssh_url: `${page}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: false,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repo.private ? 'private' : 'public',
    forks: 0,
    open_issues: open,
    watchers: 0,
    default_branch: repo.defaultBranch,
  }
}

export const renderApp = (world: World) => ({
  id: world.app.id,
  slug: world.app.slug,
  node_id: nodeId('A', world.app.id),
  owner: renderUser(world, world.app.owner),
  name: world.app.slug,
  description: '',
  external_url: api(world, `/apps/${world.app.slug}`),
  html_url: api(world, `/apps/${world.app.slug}`),
  created_at: stamp(world.app.owner.createdAt),
  updated_at: stamp(world.app.owner.createdAt),
  permissions: world.app.permissions,
  events: world.app.events,
})

export const renderInstallation = (world: World, installation: Installation) => ({
  id: installation.id,
  account: renderUser(world, installation.account),
  repository_selection: 'selected',
  access_tokens_url: api(world, `/app/installations/${installation.id}/access_tokens`),
  repositories_url: api(world, '/installation/repositories'),
  html_url: api(world, `/settings/installations/${installation.id}`),
  app_id: world.app.id,
  app_slug: world.app.slug,
  target_id: installation.account.id,
  target_type: installation.account.type,
  permissions: installation.permissions,
  events: world.app.events,
  created_at: stamp(installation.createdAt),
  updated_at: stamp(installation.createdAt),
  single_file_name: null,
  suspended_by: installation.suspended === null ? null : renderUser(world, installation.suspended.by),
  suspended_at: installation.suspended === null ? null : stamp(installation.suspended.at),
})

export const renderCheckRun = (world: World, check: CheckRun) => {
  const url = api(world, `${repoPath(check.repo)}/check-runs/${check.id}`)
  const { annotations, ...output } = check.output
  const here = { id: check.repo.id, url: api(world, repoPath(check.repo)), name: check.repo.name }
  return {
    id: check.id,
    name: check.name,
    node_id: nodeId('CR', check.id),
    head_sha: check.headSha,
    external_id: check.externalId,
    url,
    html_url: api(world, `/${fullName(check.repo)}/runs/${check.id}`),
    details_url: check.detailsUrl,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    output: { ...output, annotations_count: annotations.length, annotations_url: `${url}/annotations` },
    check_suite: { id: check.id },
    app: renderApp(world),
    pull_requests: [...check.repo.pulls.values()]
      .filter(pull => pull.head.sha === check.headSha && pull.head.repo === pull.repo)
      .map(pull => ({
        url: api(world, `${repoPath(pull.repo)}/pulls/${pull.number}`),
        id: pull.id,
        number: pull.number,
        head: { ref: pull.head.ref, sha: pull.head.sha, repo: here },
        base: { ref: pull.base.ref, sha: pull.base.sha, repo: here },
      })),
  }
}
