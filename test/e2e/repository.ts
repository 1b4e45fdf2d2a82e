import type { Permission, Pull, Repository } from '../../sandbox/github/state.ts'
import type { LoggedRequest } from '../../sandbox/github/server.ts'
import { keyOf } from '../../sandbox/github/state.ts'
import { coalesceMs } from '../../src/core/schedule.ts'
import { summaryMark } from '../../src/core/review/comment.ts'
import { until } from './until.ts'
import type { World } from './world.ts'

type Files = Record<string, string | null>

export const bot = 'cupel[bot]'
let made = 0

/** A repository of an owner of its own, hence with an installation, rate limits and a log of its own. */
export interface TestRepository {
  /** owner/name */
  repo: string
  id: number
  installationId: number
  commit(branch: string, files: Files, from?: string): Promise<string>
  /** Commits the files on a new branch, which it names. */
  branch(files: Files, author?: string): Promise<string>
  /** Opens a pull request for a branch, or for a new one with these files. */
  open(
    from: Files | string,
    about?: { title?: string; body?: string; author?: string; draft?: boolean },
  ): Promise<At>
  /** Says what Cupel asked of GitHub for this repository so far, tokens left out. */
  requests(): LoggedRequest[]
  /** Rows of Cupel's own about this repository. */
  rows<T extends object>(text: string): Promise<T[]>
  /** Resolves when every webhook so far was taken, and every review that was asked for has ended. */
  settled(): Promise<void>
  /** Makes the last request of a review old enough for the next push to be reviewed at once. */
  calm(): Promise<void>
  /** Makes it so old that pushes from now on are reviewed together in so many seconds. */
  planIn(seconds: number): Promise<void>
}

export interface At {
  repo: string
  number: number
  branch: string
  headSha: string
}

/** `ada` may write and opens pull requests; `olga` may triage; anybody else is an outsider. */
export async function createRepository(
  world: World,
  files: Files = {},
  collaborators: Record<string, Permission> = {},
): Promise<TestRepository> {
  const { control, requests, deliveries } = world.github
  const owner = `owner-${++made}`
  const repo = `${owner}/app`
  const created = await control.createRepository({
    owner,
    name: 'app',
    files: { 'README.md': '# app\n', ...withoutNull(files) },
    collaborators: { ada: 'write', olga: 'triage', ...collaborators },
  })
  const id = created.id
  const installationId = created.installationId ?? 0
  let branches = 0

  const newBranch = async (changed: Files, author = 'ada'): Promise<string> => {
    const branch = `topic-${++branches}`
    await control.commit({ repo, branch, from: 'main', files: changed, message: 'Change', author })
    return branch
  }
  const unsettled = async (): Promise<string | null> => {
    const { rows } = await world.owner.query<{ deliveries: number; open: number; requests: number }>(
      `select (select count(*)::int from production.deliveries where repository_id = $1) as deliveries,
         (select count(*)::int from production.deliveries
          where repository_id = $1 and state in ('received', 'queued')) as open,
         (select count(*)::int from production.review_requests
          where repository_id = $1 and finished_at is null) as requests`,
      [id],
    )
    const row = rows[0]
    const sent = deliveries.filter(delivery => delivery.repositoryId === id)
    const pending = sent.filter(delivery => delivery.status === 'pending').length
    const known = new Set(sent.map(delivery => delivery.guid)).size
    return row && row.open === 0 && row.requests === 0 && pending === 0 && row.deliveries >= known
      ? null
      : JSON.stringify({ ...row, pending, known })
  }

  const lastAsked = async (secondsAgo: number): Promise<void> => {
    await world.owner.query(
      `update production.pull_requests set last_asked_at = now() - make_interval(secs => $2) where repository_id = $1`,
      [id, secondsAgo],
    )
  }
  return {
    repo,
    id,
    installationId,
    commit: async (branch, changed, from) => {
      const { sha } = await control.commit({
        repo,
        branch,
        files: changed,
        message: 'Change',
        author: 'ada',
        ...(from !== undefined && { from }),
      })
      return sha
    },
    branch: newBranch,
    async open(from, about = {}) {
      const author = about.author ?? 'ada'
      const branch = typeof from === 'string' ? from : await newBranch(from, author)
      const { number, headSha } = await control.openPullRequest({
        repo,
        head: branch,
        title: about.title ?? 'Change',
        body: about.body ?? '',
        author,
        draft: about.draft ?? false,
      })
      return { repo, number, branch, headSha }
    },
    requests: () =>
      requests.filter(
        request =>
          request.actor === `installation:${installationId}` && !request.path.endsWith('/access_tokens'),
      ),
    async rows<T extends object>(text: string) {
      return (await world.owner.query(text, [id])).rows as T[]
    },
    settled: async () => {
      let last: string | null = null
      await until(
        'everything about the repository is done',
        async () => (last = await unsettled()) === null,
        {
          context: () => `${repo}: ${last}\n${world.log()}`,
        },
      )
    },
    calm: () => lastAsked(600),
    planIn: seconds => lastAsked(coalesceMs / 1_000 - seconds),
  }

  function withoutNull(all: Files): Record<string, string> {
    return Object.fromEntries(
      Object.entries(all).flatMap(([path, text]) => (text === null ? [] : [[path, text]])),
    )
  }
}

/** What people see of a pull request. */
export interface Seen {
  reviews: { body: string; state: string; commitId: string }[]
  /** First comments of Cupel's threads. */
  findings: { id: number; path: string; line: number; body: string; resolved: boolean }[]
  summaries: { id: number; body: string }[]
  /** What Cupel wrote besides, in the conversation and in threads. */
  answers: string[]
  checks: { headSha: string; status: string; conclusion: string | null; title: string; summary: string }[]
}

export function see(world: Pick<World, 'github'>, at: { repo: string; number: number }): Seen {
  const { pull, repository } = find(world, at)
  const own = pull.conversation.filter(comment => comment.author.login === bot)
  const threads = pull.threads.filter(thread => thread.comments[0]?.author.login === bot)
  const replies = pull.comments.filter(
    comment => comment.author.login === bot && comment.thread.comments[0] !== comment,
  )
  return {
    reviews: pull.reviews
      .filter(review => review.author.login === bot && !replies.some(reply => reply.review === review))
      .map(({ body, state, commitId }) => ({ body, state, commitId })),
    findings: threads.flatMap(thread => {
      const first = thread.comments[0]
      return first
        ? [
            {
              id: first.id,
              path: first.path,
              line: first.originalLine,
              body: first.body,
              resolved: thread.resolvedBy !== null,
            },
          ]
        : []
    }),
    summaries: own.flatMap(({ id, body }) => (body.includes(summaryMark) ? [{ id, body }] : [])),
    answers: [...own.filter(comment => !comment.body.includes(summaryMark)), ...replies].map(
      each => each.body,
    ),
    checks: repository.checks.map(check => ({
      headSha: check.headSha,
      status: check.status,
      conclusion: check.conclusion,
      title: check.output.title ?? '',
      summary: check.output.summary ?? '',
    })),
  }
}

/** `path:line` of each finding, in the order of the diff. */
export function places(seen: Seen): string[] {
  return seen.findings.map(({ path, line }) => `${path}:${line}`).toSorted()
}

/** Contents of the reactions to a comment by Cupel. */
export function reactions(world: Pick<World, 'github'>, commentId: number): string[] {
  const { issueComments, reviewComments } = world.github.state
  const comment = issueComments.get(commentId) ?? reviewComments.get(commentId)
  return (comment?.reactions ?? []).filter(each => each.user.login === bot).map(each => each.content)
}

/** Waits until the check run of the newest head (or of `headSha`) has ended. */
export async function reviewed(
  world: World,
  at: { repo: string; number: number },
  headSha?: string,
): Promise<Seen> {
  const head = headSha ?? find(world, at).pull.head.sha
  return until(
    `a completed check run on ${at.repo} ${head}`,
    () => {
      const seen = see(world, at)
      return seen.checks.some(check => check.headSha === head && check.status === 'completed') && seen
    },
    { context: () => `${JSON.stringify(see(world, at), null, 1)}\n${world.log()}` },
  )
}

function find(
  world: Pick<World, 'github'>,
  at: { repo: string; number: number },
): { repository: Repository; pull: Pull } {
  const repository = world.github.state.repositories.get(keyOf(at.repo))
  const pull = repository?.pulls.get(at.number)
  if (!repository || !pull) throw new Error(`no pull request ${at.repo}#${at.number}`)
  return { repository, pull }
}
