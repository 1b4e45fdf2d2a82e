import { api, fullName, renderRepository, renderUser, repoPath, stamp } from './render.ts'
import { nodeId, type IssueComment, type Label, type Pull, type Reaction, type Repository } from './state.ts'
import type { Review, ReviewComment, User } from './state.ts'
import type { World } from './world.ts'

const stampOrNull = (date: Date | null): string | null => (date === null ? null : stamp(date))
const pullPage = (world: World, pull: Pull): string =>
  api(world, `/${fullName(pull.repo)}/pull/${pull.number}`)

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
  if (repo.owner.members?.has(user.login.toLowerCase())) return 'MEMBER'
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
