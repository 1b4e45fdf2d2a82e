import {
  nodeId,
  type CheckRun,
  type Installation,
  type IssueComment,
  type Pull,
  type Reaction,
  type Repository,
} from './state.ts'
import type { Label, Review, ReviewComment, User } from './state.ts'
import type { World } from './world.ts'

const stamp = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z')
const stampOrNull = (date: Date | null): string | null => (date === null ? null : stamp(date))

export const api = (world: World, path: string): string => `${world.url()}${path}`
export const repoPath = (repo: Repository): string => `/repos/${repo.owner.login}/${repo.name}`
const fullName = (repo: Repository): string => `${repo.owner.login}/${repo.name}`
const pullPage = (world: World, pull: Pull): string =>
  api(world, `/${fullName(pull.repo)}/pull/${pull.number}`)

export const renderUser = (world: World, user: User) => {
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

export const renderLabel = (world: World, repo: Repository, label: Label) => ({
  id: label.id,
  node_id: nodeId('LA', label.id),
  url: api(world, `${repoPath(repo)}/labels/${encodeURIComponent(label.name)}`),
  name: label.name,
  description: null,
  color: 'ededed',
  default: false,
})

const association = (repo: Repository, user: User): string => {
  if (user.id === repo.owner.id) return 'OWNER'
  if (user.type === 'Bot') return 'NONE'
  return repo.collaborators.has(user.login.toLowerCase()) ? 'COLLABORATOR' : 'NONE'
}

const renderEnd = (world: World, repo: Repository, ref: string, sha: string) => ({
  label: `${repo.owner.login}:${ref}`,
  ref,
  sha,
  user: renderUser(world, repo.owner),
  repo: renderRepository(world, repo),
})

/** As lists hold it; `renderPull` adds what only a single pull request's answer has. */
export const renderPullSimple = (world: World, pull: Pull) => {
  const url = api(world, `${repoPath(pull.repo)}/pulls/${pull.number}`)
  const issue = api(world, `${repoPath(pull.repo)}/issues/${pull.number}`)
  const page = pullPage(world, pull)
  const links = {
    self: url,
    html: page,
    issue,
    comments: `${issue}/comments`,
    review_comments: `${url}/comments`,
    review_comment: api(world, `${repoPath(pull.repo)}/pulls/comments{/number}`),
    commits: `${url}/commits`,
    statuses: api(world, `${repoPath(pull.repo)}/statuses/${pull.head.sha}`),
  }
  return {
    url,
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: renderUser(world, pull.author),
    body: pull.body,
    created_at: stamp(pull.createdAt),
    updated_at: stamp(pull.updatedAt),
    closed_at: stampOrNull(pull.closedAt),
    merged_at: stampOrNull(pull.merged?.at ?? null),
    merge_commit_sha: pull.merged?.sha ?? null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    labels: pull.labels.map(label => renderLabel(world, pull.repo, label)),
    milestone: null,
    draft: pull.draft,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    head: renderEnd(world, pull.head.repo, pull.head.ref, pull.head.sha),
    base: renderEnd(world, pull.repo, pull.base.ref, pull.base.sha),
    _links: Object.fromEntries(Object.entries(links).map(([key, href]) => [key, { href }])),
    author_association: association(pull.repo, pull.author),
    auto_merge: null,
    active_lock_reason: null,
  }
}

export const renderPull = (
  world: World,
  pull: Pull,
  size: { additions: number; deletions: number; changedFiles: number; commits: number },
) => ({
  ...renderPullSimple(world, pull),
  merged: pull.merged !== null,
  mergeable: pull.state === 'open' ? true : null,
  rebaseable: null,
  mergeable_state: pull.state === 'open' ? 'clean' : 'unknown',
  merged_by: pull.merged === null ? null : renderUser(world, pull.merged.by),
  comments: pull.conversation.length,
  review_comments: pull.comments.length,
  maintainer_can_modify: false,
  commits: size.commits,
  additions: size.additions,
  deletions: size.deletions,
  changed_files: size.changedFiles,
})

const KINDS = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes']

const renderRollUp = (url: string, reactions: readonly Reaction[]) => ({
  url: `${url}/reactions`,
  total_count: reactions.length,
  ...Object.fromEntries(KINDS.map(kind => [kind, reactions.filter(one => one.content === kind).length])),
})

export const renderReaction = (world: World, reaction: Reaction) => ({
  id: reaction.id,
  node_id: nodeId('REA', reaction.id),
  user: renderUser(world, reaction.user),
  content: reaction.content,
  created_at: stamp(reaction.createdAt),
})

export const renderReview = (world: World, review: Review) => {
  const page = `${pullPage(world, review.pull)}#pullrequestreview-${review.id}`
  const pull = api(world, `${repoPath(review.pull.repo)}/pulls/${review.pull.number}`)
  return {
    id: review.id,
    node_id: nodeId('PRR', review.id),
    user: renderUser(world, review.author),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: pull,
    author_association: association(review.pull.repo, review.author),
    _links: { html: { href: page }, pull_request: { href: pull } },
    submitted_at: stamp(review.submittedAt),
    commit_id: review.commitId,
  }
}

export const renderReviewComment = (world: World, comment: ReviewComment) => {
  const pull = api(world, `${repoPath(comment.pull.repo)}/pulls/${comment.pull.number}`)
  const url = api(world, `${repoPath(comment.pull.repo)}/pulls/comments/${comment.id}`)
  const page = `${pullPage(world, comment.pull)}#discussion_r${comment.id}`
  return {
    url,
    pull_request_review_id: comment.review.id,
    id: comment.id,
    node_id: nodeId('PRRC', comment.id),
    diff_hunk: comment.diffHunk,
    path: comment.path,
    commit_id: comment.commitId,
    original_commit_id: comment.originalCommitId,
    user: renderUser(world, comment.author),
    body: comment.body,
    created_at: stamp(comment.createdAt),
    updated_at: stamp(comment.updatedAt),
    html_url: page,
    pull_request_url: pull,
    author_association: association(comment.pull.repo, comment.author),
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pull } },
    reactions: renderRollUp(url, comment.reactions),
    start_line: comment.startLine,
    original_start_line: comment.originalStartLine,
    start_side: comment.startSide,
    line: comment.line,
    original_line: comment.originalLine,
    side: comment.side,
    position: comment.position,
    original_position: comment.originalPosition,
    subject_type: 'line',
    ...(comment.inReplyTo === null ? {} : { in_reply_to_id: comment.inReplyTo }),
  }
}

/** The comments of one review, whose answer has always left out the lines: it knows positions only. */
export const renderCommentOfReview = (world: World, comment: ReviewComment) => {
  const { start_line, original_start_line, line, original_line, subject_type, start_side, side, ...rest } =
    renderReviewComment(world, comment)
  return rest
}

export const renderIssueComment = (world: World, comment: IssueComment) => {
  const { repo, number } = comment.pull
  const url = api(world, `${repoPath(repo)}/issues/comments/${comment.id}`)
  return {
    url,
    html_url: `${pullPage(world, comment.pull)}#issuecomment-${comment.id}`,
    issue_url: api(world, `${repoPath(repo)}/issues/${number}`),
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    user: renderUser(world, comment.author),
    created_at: stamp(comment.createdAt),
    updated_at: stamp(comment.updatedAt),
    body: comment.body,
    author_association: association(repo, comment.author),
    reactions: renderRollUp(url, comment.reactions),
    performed_via_github_app: null,
  }
}

/** A pull request seen as an issue: what an issue_comment event carries. */
export const renderIssue = (world: World, pull: Pull) => {
  const simple = renderPullSimple(world, pull)
  return {
    url: simple.issue_url,
    repository_url: api(world, repoPath(pull.repo)),
    labels_url: `${simple.issue_url}/labels{/name}`,
    comments_url: simple.comments_url,
    events_url: `${simple.issue_url}/events`,
    html_url: simple.html_url,
    id: pull.id,
    node_id: simple.node_id,
    number: pull.number,
    title: pull.title,
    user: simple.user,
    labels: simple.labels,
    state: pull.state,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: pull.conversation.length,
    created_at: simple.created_at,
    updated_at: simple.updated_at,
    closed_at: simple.closed_at,
    author_association: simple.author_association,
    active_lock_reason: null,
    draft: pull.draft,
    pull_request: {
      url: simple.url,
      html_url: simple.html_url,
      diff_url: simple.diff_url,
      patch_url: simple.patch_url,
      merged_at: simple.merged_at,
    },
    body: pull.body,
    reactions: renderRollUp(simple.issue_url, []),
    timeline_url: `${simple.issue_url}/timeline`,
    performed_via_github_app: null,
    state_reason: null,
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
  events: [] as string[],
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
  events: [] as string[],
  created_at: stamp(installation.createdAt),
  updated_at: stamp(installation.createdAt),
  single_file_name: null,
  suspended_by: null,
  suspended_at: null,
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
