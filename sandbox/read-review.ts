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

export const botLogin = 'cupel[bot]'

export async function readReview(
  api: { url: string; token: string },
  { repo, number, headSha }: { repo: string; number: number; headSha: string },
): Promise<SeenReview> {
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${api.url}/repos/${repo}${path}`, {
      headers: { authorization: `token ${api.token}`, accept: 'application/vnd.github+json' },
    })
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`)
    return (await answer.json()) as T
  }
  const [checks, reviews, comments, talk] = await Promise.all([
    get<{ check_runs: Check[] }>(`/commits/${headSha}/check-runs?per_page=100`),
    get<{ user: User; body: string }[]>(`/pulls/${number}/reviews?per_page=100`),
    get<Comment[]>(`/pulls/${number}/comments?per_page=100`),
    get<{ id: number; user: User; body: string }[]>(`/issues/${number}/comments?per_page=100`),
  ])
  const check = checks.check_runs.toSorted((a, b) => b.id - a.id)[0]
  return {
    check: check
      ? {
          status: check.status,
          conclusion: check.conclusion,
          title: check.output.title ?? '',
          summary: check.output.summary ?? '',
          annotations: check.output.annotations_count,
        }
      : null,
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
