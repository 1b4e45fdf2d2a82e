import type { PostedComment } from './samples/judge.ts'

/** What people see of a pull request's review, read over REST like anybody would. */
export interface SeenReview {
  check: {
    status: string
    conclusion: string | null
    title: string
    summary: string
    annotations: number
  } | null
  /** Bodies of the reviews that Cupel posted. */
  reviews: string[]
  comments: (PostedComment & {
    id: number
    author: string
    body: string
    hunk: string
    replyTo: number | null
  })[]
  /** Issue comments, Cupel's summary among them. */
  talk: { id: number; author: string; body: string }[]
}

const botLogin = 'cupel[bot]'

/** Cupel's own summary among the comments of a pull request. */
export function isSummary(comment: { author: string; body: string }): boolean {
  return comment.author === botLogin && comment.body.includes('<!-- cupel:summary -->')
}

interface Api {
  url: string
  token: string
}

export interface PullRequestPage {
  repo: string
  number: number
  title: string
  author: string
  headSha: string
}

async function get<T>(api: Api, path: string): Promise<T> {
  const answer = await fetch(`${api.url}${path}`, {
    headers: { authorization: `token ${api.token}`, accept: 'application/vnd.github+json' },
  })
  if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`)
  return (await answer.json()) as T
}

/** The newest check run of a commit, or null. */
async function readCheck(api: Api, repo: string, headSha: string): Promise<SeenReview['check']> {
  const path = `/repos/${repo}/commits/${headSha}/check-runs?per_page=100`
  const { check_runs } = await get<{ check_runs: Check[] }>(api, path)
  const check = check_runs.toSorted((a, b) => b.id - a.id)[0]
  if (!check) return null
  return {
    status: check.status,
    conclusion: check.conclusion,
    title: check.output.title ?? '',
    summary: check.output.summary ?? '',
    annotations: check.output.annotations_count,
  }
}

export async function findPullRequest(
  api: Api,
  { repo, number }: { repo: string; number: number },
): Promise<PullRequestPage> {
  return pageOf(repo, await get<Pull>(api, `/repos/${repo}/pulls/${number}`))
}

/** Every open pull request of the samples' owner, with its newest check run. */
export async function listPullRequests(
  api: Api,
  repos: readonly string[],
): Promise<(PullRequestPage & Pick<SeenReview, 'check'>)[]> {
  const pulls = await Promise.all(
    repos.map(async repo => {
      const listed = await get<Pull[]>(api, `/repos/${repo}/pulls?state=open&per_page=100`)
      return listed.map(pull => pageOf(repo, pull))
    }),
  )
  return Promise.all(
    pulls.flat().map(async pull => ({ ...pull, check: await readCheck(api, pull.repo, pull.headSha) })),
  )
}

function pageOf(repo: string, pull: Pull): PullRequestPage {
  const { number, title, user, head } = pull
  return { repo, number, title, author: user?.login ?? 'ghost', headSha: head.sha }
}

export async function readReview(
  api: Api,
  { repo, number, headSha }: { repo: string; number: number; headSha: string },
): Promise<SeenReview> {
  const of = <T>(path: string) => get<T>(api, `/repos/${repo}${path}?per_page=100`)
  const [check, reviews, comments, talk] = await Promise.all([
    readCheck(api, repo, headSha),
    of<{ user: User; body: string }[]>(`/pulls/${number}/reviews`),
    of<Comment[]>(`/pulls/${number}/comments`),
    of<{ id: number; user: User; body: string }[]>(`/issues/${number}/comments`),
  ])
  return {
    check,
    reviews: reviews.filter(each => each.user?.login === botLogin).map(each => each.body),
    comments: comments.map(each => ({
      id: each.id,
      author: each.user?.login ?? 'ghost',
      path: each.path,
      side: each.side ?? 'RIGHT',
      line: each.line ?? each.original_line ?? 0,
      startLine: each.start_line ?? each.line ?? each.original_line ?? 0,
      body: each.body,
      hunk: each.diff_hunk,
      replyTo: each.in_reply_to_id ?? null,
    })),
    talk: talk.map(each => ({ id: each.id, author: each.user?.login ?? 'ghost', body: each.body })),
  }
}

type User = { login: string } | null
interface Pull {
  number: number
  title: string
  user: User
  head: { sha: string }
}
interface Check {
  id: number
  status: string
  conclusion: string | null
  output: { title: string | null; summary: string | null; annotations_count: number }
}
interface Comment {
  id: number
  user: User
  path: string
  side?: string
  line?: number | null
  original_line?: number
  start_line?: number | null
  body: string
  diff_hunk: string
  in_reply_to_id?: number
}
