import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import { emit, emitPull } from './events.ts'
import { createBare, git, gitText, resolveCommit, setRef, writeCommit } from './git.ts'
import { renderIssue, renderIssueComment, renderLabel } from './render-pull.ts'
import { checkBody, moveComments } from './reviews.ts'
import { keyOf, nextId, type IssueComment, type Permission, type Pull } from './state.ts'
import type { Reaction, Repository, User } from './state.ts'
import { mergeBaseOf, unprocessable, type World } from './world.ts'

export type Files = Record<string, string | Uint8Array | null>
/** git's modes by path where they are not 100644: 120000 is a symbolic link, 160000 a submodule (contents: its sha). */
export type Modes = Record<string, string>

const newRepository = (world: World, owner: User, name: string): Repository => ({
  id: nextId(world.state),
  owner,
  name,
  private: false,
  defaultBranch: 'main',
  dir: join(world.dataDir, `${owner.login}/${name}.git`),
  forkOf: null,
  collaborators: new Map<string, Permission>(),
  pulls: new Map(),
  checks: [],
  lastNumber: 0,
  createdAt: world.now(),
  pushedAt: world.now(),
})

/** An empty bare repository, or a copy of `from` with its branches. */
export const addRepository = async (
  world: World,
  owner: User,
  name: string,
  from: Repository | null,
): Promise<Repository> => {
  if (world.state.repositories.has(keyOf(owner.login, name)))
    throw unprocessable('', ['name already exists on this account'])
  const repo = newRepository(world, owner, name)
  await rm(repo.dir, { recursive: true, force: true })
  await createBare(repo.dir)
  if (from !== null) {
    repo.forkOf = from
    repo.defaultBranch = from.defaultBranch
    await git(repo.dir, ['fetch', '--quiet', from.dir, '+refs/heads/*:refs/heads/*'])
  }
  world.state.repositories.set(keyOf(owner.login, name), repo)
  return repo
}

/** Commits on `from` (a branch or sha; default: the branch itself, else the default branch) and moves `branch` there. */
export const commit = async (
  world: World,
  repo: Repository,
  input: {
    branch: string
    from?: string | undefined
    files: Files
    modes?: Modes | undefined
    message: string
    author: User
  },
): Promise<string> => {
  const parent =
    (await resolveCommit(repo.dir, input.from ?? `refs/heads/${input.branch}`)) ??
    (await resolveCommit(repo.dir, `refs/heads/${repo.defaultBranch}`))
  const sha = await writeCommit(repo.dir, {
    parent,
    files: input.files,
    modes: input.modes ?? {},
    message: input.message,
    author: {
      name: input.author.login,
      email: `${input.author.login}@users.noreply.example`,
      date: world.now(),
    },
    id: String(nextId(world.state)),
  })
  await setRef(repo.dir, `refs/heads/${input.branch}`, sha)
  await branchMoved(world, repo, input.branch, input.author)
  return sha
}

/** Moves a branch, also backwards (a forced push), with everything that follows from it. */
export const setBranch = async (
  world: World,
  repo: Repository,
  branch: string,
  sha: string,
  by: User,
): Promise<void> => {
  await git(repo.dir, ['update-ref', `refs/heads/${branch}`, sha])
  await branchMoved(world, repo, branch, by)
}

/** Brings open pull requests with this head branch up to the branch, and announces it. */
export const branchMoved = async (
  world: World,
  repo: Repository,
  branch: string,
  by: User,
): Promise<void> => {
  repo.pushedAt = world.now()
  const after = await resolveCommit(repo.dir, `refs/heads/${branch}`)
  if (after === null) return
  for (const other of world.state.repositories.values()) {
    for (const pull of other.pulls.values()) {
      if (
        pull.head.repo !== repo ||
        pull.head.ref !== branch ||
        pull.state !== 'open' ||
        pull.head.sha === after
      )
        continue
      const before = pull.head.sha
      const oldBase = pull.mergeBase
      await followHead(pull, after)
      await moveComments(world, pull, before, oldBase)
      pull.updatedAt = world.now()
      await emitPull(world, pull, by, 'synchronize', { before, after })
    }
  }
}

const followHead = async (pull: Pull, sha: string): Promise<void> => {
  const ref = `refs/pull/${pull.number}/head`
  if (pull.head.repo === pull.repo) await setRef(pull.repo.dir, ref, sha)
  else
    await git(pull.repo.dir, ['fetch', '--quiet', pull.head.repo.dir, `+refs/heads/${pull.head.ref}:${ref}`])
  const base = await resolveCommit(pull.repo.dir, `refs/heads/${pull.base.ref}`)
  if (base === null) throw unprocessable('', [{ resource: 'PullRequest', field: 'base', code: 'invalid' }])
  pull.base.sha = base
  pull.head.sha = sha
  pull.mergeBase = await mergeBaseOf(pull.repo, base, sha)
}

export const openPull = async (
  world: World,
  repo: Repository,
  author: User,
  input: { head: string; base: string; title: string; body: string | null; draft: boolean },
): Promise<Pull> => {
  const [owner, ref] = input.head.includes(':') ? input.head.split(':') : [repo.owner.login, input.head]
  const source = [...world.state.repositories.values()].find(
    one => keyOf(one.owner.login) === keyOf(owner ?? '') && (one === repo || one.forkOf === repo),
  )
  const head = source === undefined ? null : await resolveCommit(source.dir, `refs/heads/${ref}`)
  if (source === undefined || head === null)
    throw unprocessable('', [{ resource: 'PullRequest', field: 'head', code: 'invalid' }])
  if ((await resolveCommit(repo.dir, `refs/heads/${input.base}`)) === null) {
    throw unprocessable('', [{ resource: 'PullRequest', field: 'base', code: 'invalid' }])
  }
  const now = world.now()
  const pull: Pull = {
    id: nextId(world.state),
    number: ++repo.lastNumber,
    repo,
    title: input.title,
    body: input.body,
    author,
    state: 'open',
    draft: input.draft,
    base: { ref: input.base, sha: '' },
    head: { repo: source, ref: ref ?? '', sha: head },
    mergeBase: '',
    labels: [],
    reviews: [],
    comments: [],
    threads: [],
    conversation: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    merged: null,
  }
  await followHead(pull, head)
  repo.pulls.set(pull.number, pull)
  await emitPull(world, pull, author, 'opened')
  return pull
}

export const closePull = async (world: World, pull: Pull, by: User, merge: boolean): Promise<void> => {
  if (pull.state === 'closed') return
  const now = world.now()
  if (merge) {
    const { dir } = pull.repo
    const tree =
      (await gitText(dir, ['merge-tree', '--write-tree', pull.base.sha, pull.head.sha])).split('\n')[0] ?? ''
    const sha = await gitText(
      dir,
      [
        'commit-tree',
        tree,
        '-p',
        pull.base.sha,
        '-p',
        pull.head.sha,
        '-m',
        `Merge pull request #${pull.number}`,
      ],
      {
        env: {
          GIT_AUTHOR_NAME: by.login,
          GIT_AUTHOR_EMAIL: 'merge@example',
          GIT_COMMITTER_NAME: by.login,
          GIT_COMMITTER_EMAIL: 'merge@example',
        },
      },
    )
    await git(dir, ['update-ref', `refs/heads/${pull.base.ref}`, sha])
    pull.merged = { at: now, by, sha }
  }
  Object.assign(pull, { state: 'closed', closedAt: now, updatedAt: now })
  await emitPull(world, pull, by, 'closed')
}

export const reopenPull = async (world: World, pull: Pull, by: User): Promise<void> => {
  if (pull.state === 'open' || pull.merged !== null) return
  Object.assign(pull, { state: 'open', closedAt: null, updatedAt: world.now() })
  const sha = await resolveCommit(pull.head.repo.dir, `refs/heads/${pull.head.ref}`)
  const before = pull.head.sha
  const oldBase = pull.mergeBase
  if (sha !== null && sha !== before) {
    await followHead(pull, sha)
    await moveComments(world, pull, before, oldBase)
  }
  await emitPull(world, pull, by, 'reopened')
}

export const editPull = async (
  world: World,
  pull: Pull,
  by: User,
  change: {
    title?: string | undefined
    body?: string | undefined
    draft?: boolean | undefined
    base?: string | undefined
  },
): Promise<void> => {
  pull.updatedAt = world.now()
  if (change.draft !== undefined && change.draft !== pull.draft) {
    pull.draft = change.draft
    await emitPull(world, pull, by, change.draft ? 'converted_to_draft' : 'ready_for_review')
  }
  const changes: Record<string, unknown> = {}
  if (change.title !== undefined) changes['title'] = { from: pull.title }
  if (change.body !== undefined) changes['body'] = { from: pull.body }
  if (change.base !== undefined) {
    changes['base'] = { ref: { from: pull.base.ref }, sha: { from: pull.base.sha } }
    pull.base.ref = change.base
    const oldBase = pull.mergeBase
    await followHead(pull, pull.head.sha)
    await moveComments(world, pull, pull.head.sha, oldBase)
  }
  pull.title = change.title ?? pull.title
  pull.body = change.body ?? pull.body
  if (Object.keys(changes).length > 0) await emitPull(world, pull, by, 'edited', { changes })
}

export const setLabel = async (
  world: World,
  pull: Pull,
  by: User,
  name: string,
  on: boolean,
): Promise<void> => {
  const known = pull.labels.find(label => label.name === name)
  if ((known !== undefined) === on) return
  const label = known ?? { id: nextId(world.state), name }
  pull.labels = on ? [...pull.labels, label] : pull.labels.filter(one => one !== label)
  pull.updatedAt = world.now()
  await emitPull(world, pull, by, on ? 'labeled' : 'unlabeled', {
    label: renderLabel(world, pull.repo, label),
  })
}

export const addIssueComment = (world: World, pull: Pull, author: User, body: string): IssueComment => {
  checkBody(body)
  if (body.trim() === '')
    throw unprocessable('', [
      { resource: 'IssueComment', code: 'unprocessable', field: 'data', message: 'Body cannot be blank' },
    ])
  const now = world.now()
  const comment: IssueComment = {
    id: nextId(world.state),
    pull,
    author,
    body,
    reactions: [],
    createdAt: now,
    updatedAt: now,
  }
  pull.conversation.push(comment)
  world.state.issueComments.set(comment.id, comment)
  pull.updatedAt = now
  emitIssueComment(world, comment, author, 'created')
  return comment
}

export const emitIssueComment = (
  world: World,
  comment: IssueComment,
  sender: User,
  action: string,
  extra = {},
): void =>
  emit(world, comment.pull.repo, sender, 'issue_comment', {
    action,
    ...extra,
    issue: renderIssue(world, comment.pull),
    comment: renderIssueComment(world, comment),
  })

/** One reaction per user and content; reactions send no event. */
export const react = (
  world: World,
  subject: { reactions: Reaction[] },
  user: User,
  content: string,
): { reaction: Reaction; created: boolean } => {
  const known = subject.reactions.find(one => one.user === user && one.content === content)
  if (known !== undefined) return { reaction: known, created: false }
  const reaction = { id: nextId(world.state), user, content, createdAt: world.now() }
  subject.reactions.push(reaction)
  return { reaction, created: true }
}
