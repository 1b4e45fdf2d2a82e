import * as actions from './actions.ts'
import { git } from './git.ts'
import * as installations from './installations.ts'
import { createReview, createReviewComment, replyTo, setResolved, type DraftComment } from './reviews.ts'
import {
  addUser,
  installationOf,
  keyOf,
  type Permission,
  type Pull,
  type Repository,
  type User,
} from './state.ts'
import { notFound, Refusal, type World } from './world.ts'

/** What people and tests do to the local GitHub. Names are plain strings; everything can go over HTTP as JSON. */
export type Control = ReturnType<typeof createControl>

interface At {
  /** owner/name */
  repo: string
  number: number
  /** Login of who does it. */
  by: string
}

export const createControl = (
  world: World,
  emitRerequest: (repo: Repository, checkId: number, by: User) => void,
) => {
  const user = (login: string): User =>
    world.state.users.get(keyOf(login)) ?? addUser(world.state, login, 'User', world.now())
  const repository = (name: string): Repository => {
    const repo = world.state.repositories.get(keyOf(name))
    if (repo === undefined) throw notFound()
    return repo
  }
  const pull = ({ repo, number }: { repo: string; number: number }): Pull => {
    const found = repository(repo).pulls.get(number)
    if (found === undefined) throw notFound()
    return found
  }
  const reviewComment = (id: number) => {
    const found = world.state.reviewComments.get(id)
    if (found === undefined) throw notFound()
    return found
  }
  const thread = (id: string | number) => {
    const found = typeof id === 'number' ? reviewComment(id).thread : world.state.threads.get(id)
    if (found === undefined) throw notFound()
    return found
  }
  const summary = (found: Pull) => ({
    repo: `${found.repo.owner.login}/${found.repo.name}`,
    number: found.number,
    id: found.id,
    headSha: found.head.sha,
    baseSha: found.base.sha,
  })

  return {
    createUser: async (input: { login: string; type?: 'User' | 'Organization' }) => {
      const made = addUser(world.state, input.login, input.type ?? 'User', world.now())
      return { id: made.id, login: made.login, token: made.token }
    },
    /** What they wrote stays, by "ghost"; the login is free again. */
    deleteUser: async (input: { login: string }) => {
      const gone = user(input.login)
      gone.deleted = true
      world.state.users.delete(keyOf(gone.login))
      world.state.userTokens.delete(gone.token)
    },
    /** `permission` is the organisation's base permission for its members. */
    addMember: async (input: { organisation: string; login: string; permission: Permission }) => {
      const organisation = user(input.organisation)
      organisation.members ??= new Map()
      organisation.members.set(keyOf(user(input.login).login), input.permission)
    },
    /** Who joins a team belongs to its organisation. */
    addTeamMember: async (input: { organisation: string; team: string; login: string }) => {
      const organisation = user(input.organisation)
      const login = keyOf(user(input.login).login)
      organisation.members ??= new Map()
      if (!organisation.members.has(login)) organisation.members.set(login, 'read')
      organisation.teams ??= new Map()
      organisation.teams.set(input.team, (organisation.teams.get(input.team) ?? new Set()).add(login))
    },
    removeTeamMember: async (input: { organisation: string; team: string; login: string }) => {
      user(input.organisation).teams?.get(input.team)?.delete(keyOf(input.login))
    },
    suspend: async (input: { repo: string; by: string; on?: boolean }) => {
      const installation = installationOf(world.state, repository(input.repo))
      if (installation === undefined) throw notFound()
      installations.suspend(world, installation, user(input.by), input.on ?? true)
    },
    createRepository: async (input: {
      owner: string
      name: string
      files: actions.Files
      modes?: actions.Modes
      collaborators?: Record<string, Permission>
      private?: boolean
      /** Default true: the App is installed on it. */
      installed?: boolean
      message?: string
    }) => {
      const owner = user(input.owner)
      const repo = await actions.addRepository(world, owner, input.name, null)
      repo.private = input.private ?? false
      for (const [login, role] of Object.entries(input.collaborators ?? {}))
        repo.collaborators.set(keyOf(user(login).login), role)
      const sha = await actions.commit(world, repo, {
        branch: 'main',
        files: input.files,
        modes: input.modes,
        message: input.message ?? 'First commit',
        author: owner,
      })
      const installation = input.installed === false ? null : installations.install(world, repo)
      return { id: repo.id, sha, dir: repo.dir, installationId: installation?.id ?? null }
    },
    fork: async (input: { repo: string; owner: string }) => {
      const from = repository(input.repo)
      const made = await actions.addRepository(world, user(input.owner), from.name, from)
      return { id: made.id, repo: `${made.owner.login}/${made.name}`, dir: made.dir }
    },
    install: async (input: { repo: string }) => ({
      installationId: installations.install(world, repository(input.repo)).id,
    }),
    uninstall: async (input: { repo: string; whole?: boolean }) => {
      const repo = repository(input.repo)
      const installation = installationOf(world.state, repo)
      if (installation !== undefined)
        installations.uninstall(world, installation, input.whole === true ? null : repo)
    },
    commit: async (input: {
      repo: string
      branch: string
      from?: string
      files: actions.Files
      modes?: actions.Modes
      message: string
      author: string
    }) => ({
      sha: await actions.commit(world, repository(input.repo), { ...input, author: user(input.author) }),
    }),
    /** Sets a branch to a commit, also a forced one. */
    push: async (input: { repo: string; branch: string; sha: string; by: string }) =>
      actions.setBranch(world, repository(input.repo), input.branch, input.sha, user(input.by)),
    /** Takes commits of another repository on this machine in, as refs/heads/* named `branches` → sha or ref there. */
    importBranches: async (input: {
      repo: string
      from: string
      branches: Record<string, string>
      by: string
    }) => {
      const repo = repository(input.repo)
      for (const [branch, ref] of Object.entries(input.branches)) {
        await git(repo.dir, ['fetch', '--quiet', input.from, `+${ref}:refs/heads/${branch}`])
        await actions.branchMoved(world, repo, branch, user(input.by))
      }
    },
    openPullRequest: async (input: {
      repo: string
      head: string
      base?: string
      title: string
      body?: string | null
      author: string
      draft?: boolean
    }) => {
      const repo = repository(input.repo)
      const opened = await actions.openPull(world, repo, user(input.author), {
        head: input.head,
        base: input.base ?? repo.defaultBranch,
        title: input.title,
        body: input.body ?? null,
        draft: input.draft ?? false,
      })
      return summary(opened)
    },
    close: async (input: At) => actions.closePull(world, pull(input), user(input.by), false),
    merge: async (input: At) => actions.closePull(world, pull(input), user(input.by), true),
    reopen: async (input: At) => actions.reopenPull(world, pull(input), user(input.by)),
    edit: async (input: At & { title?: string; body?: string; draft?: boolean; base?: string }) =>
      actions.editPull(world, pull(input), user(input.by), input),
    label: async (input: At & { name: string; on?: boolean }) =>
      actions.setLabel(world, pull(input), user(input.by), input.name, input.on ?? true),
    comment: async (input: At & { body: string }) => ({
      id: actions.addIssueComment(world, pull(input), user(input.by), input.body).id,
    }),
    review: async (
      input: At & {
        body?: string
        event?: 'COMMENT' | 'APPROVE' | 'REQUEST_CHANGES'
        comments?: DraftComment[]
      },
    ) => ({
      id: (await createReview(world, pull(input), user(input.by), { event: 'COMMENT', ...input })).id,
    }),
    reviewComment: async (input: At & DraftComment) => {
      const { repo, number, by, ...draft } = input
      const on = pull({ repo, number })
      return { id: (await createReviewComment(world, on, user(by), { ...draft, commit_id: on.head.sha })).id }
    },
    reply: async (input: { commentId: number; by: string; body: string }) => ({
      id: replyTo(world, reviewComment(input.commentId), user(input.by), input.body).id,
    }),
    react: async (input: { commentId: number; by: string; content: string }) => {
      const subject =
        world.state.reviewComments.get(input.commentId) ?? world.state.issueComments.get(input.commentId)
      if (subject === undefined) throw notFound()
      return { id: actions.react(world, subject, user(input.by), input.content).reaction.id }
    },
    unreact: async (input: { commentId: number; by: string; content: string }) => {
      const subject =
        world.state.reviewComments.get(input.commentId) ?? world.state.issueComments.get(input.commentId)
      if (subject === undefined) throw notFound()
      subject.reactions = subject.reactions.filter(
        one => one.user !== user(input.by) || one.content !== input.content,
      )
    },
    /** A thread by its node id, or by the id of any of its comments. */
    resolve: async (input: { thread: string | number; by: string }) =>
      setResolved(world, thread(input.thread), user(input.by), true),
    unresolve: async (input: { thread: string | number; by: string }) =>
      setResolved(world, thread(input.thread), user(input.by), false),
    rerequestCheck: async (input: { checkId: number; by: string }) => {
      const check = world.state.checks.get(input.checkId)
      if (check === undefined) throw notFound()
      emitRerequest(check.repo, check.id, user(input.by))
    },
    expireTokens: async () => {
      for (const token of world.state.tokens.values()) token.expiresAt = 0
    },
    redeliver: async (input: { id: number }) => {
      if (!world.webhooks.redeliver(input.id)) throw new Refusal(404, 'Not Found')
    },
    setWebhookUrl: async (input: { url: string | null }) => world.webhooks.target(input.url),
    settled: async () => world.webhooks.settled(),
    userToken: async (input: { login: string }) => ({ token: user(input.login).token }),
  }
}
