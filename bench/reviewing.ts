import { setTimeout as sleep } from 'node:timers/promises'
import type { Platform } from './platform.ts'
import { makePullRequest, type MadePullRequest, type Random, type Shape } from './pull-requests.ts'

/** Reviews of one installation before GitHub's limit on comments (80 a minute) begins to pace them. */
const PER_INSTALLATION = 8
const POLL_MS = 20
const DONE_WITHIN_MS = 120_000

export interface Prepared extends MadePullRequest {
  repo: string
  branch: string
}

export interface Timed {
  shape: Shape
  repo: string
  number: number
  /** From the sending of the webhook to the posted review; to the finished check where there is nothing to post. */
  postedMs: number
  /** From the sending to the finished check. */
  finishedMs: number
  /** Parts of the above: until the worker has the row, until the examination is stored. */
  begunMs: number
  examinedMs: number
  inline: number
  late: number
  conclusion: string
}

/** Repositories with a branch per pull request, not opened yet. */
export async function prepare(
  { github }: Platform,
  name: string,
  random: Random,
  shapes: readonly Shape[],
): Promise<Prepared[]> {
  const prepared: Prepared[] = []
  for (let start = 0; start < shapes.length; start += PER_INSTALLATION) {
    const owner = `${name}-${start / PER_INSTALLATION}`
    const made = shapes
      .slice(start, start + PER_INSTALLATION)
      .map((shape, at) => makePullRequest(random, `${name}-${start + at}`, shape))
    await github.control.createRepository({
      owner,
      name: 'shop',
      files: Object.assign({ 'README.md': 'A shop.\n' }, ...made.map(one => one.base)) as Record<
        string,
        string
      >,
      collaborators: { alice: 'write' },
    })
    for (const [at, one] of made.entries()) {
      const branch = `change-${at}`
      const repo = `${owner}/shop`
      await github.control.commit({
        repo,
        branch,
        from: 'main',
        files: one.head,
        message: branch,
        author: 'alice',
      })
      prepared.push({ ...one, repo, branch })
    }
  }
  await github.control.settled()
  return prepared
}

/** Opens them one every `everyMs`, or each when the one before is reviewed, and waits for all. */
export async function reviewAll(
  platform: Platform,
  prepared: readonly Prepared[],
  pace: { everyMs: number } | 'one by one',
): Promise<Timed[]> {
  const opened: Opened[] = []
  const opening: Promise<void>[] = []
  const began = performance.now()
  for (const [at, one] of prepared.entries()) {
    const open = openOne(platform, one).then(made => void opened.push(made))
    opening.push(open)
    if (pace === 'one by one') {
      await open
      await finished(platform, opened)
    } else await sleep(Math.max(0, began + (at + 1) * pace.everyMs - performance.now()))
  }
  await Promise.all(opening)
  await finished(platform, opened)
  return timed(platform, opened)
}

interface Opened {
  shape: Shape
  repo: string
  number: number
  id: number
}

async function openOne({ github }: Platform, one: Prepared): Promise<Opened> {
  const { repo, branch } = one
  const { number, id } = await github.control.openPullRequest({
    repo,
    head: branch,
    title: `Charge by weight in ${branch}`,
    body: 'Heavy orders are charged by weight from now on.',
    author: 'alice',
  })
  return { shape: one, repo, number, id }
}

/** Waits until every one of them has a finished review. */
async function finished({ db, github }: Platform, opened: readonly Opened[]): Promise<void> {
  const until = performance.now() + DONE_WITHIN_MS
  const owners = opened.map(one => one.repo.split('/')[0])
  const numbers = opened.map(one => one.number)
  for (;;) {
    const { rows } = await db.query<{ count: string }>(
      `select count(*) from production.code_reviews r join unnest($1::text[], $2::int[]) as o (owner, number)
       on r.owner = o.owner and r.number = o.number where r.finished_at is not null`,
      [owners, numbers],
    )
    if (Number(rows[0]?.count) >= opened.length) return
    if (performance.now() > until) {
      const failed = github.requests.filter(one => one.status >= 400).map(one => `${one.status} ${one.path}`)
      throw new Error(
        `only ${rows[0]?.count} of ${opened.length} reviews ended. ${failed.slice(-5).join(', ')}`,
      )
    }
    await sleep(POLL_MS)
  }
}

async function timed({ db, github }: Platform, opened: readonly Opened[]): Promise<Timed[]> {
  const sent = new Map<string, number>()
  for (const { event, action, body, deliveredAt } of github.deliveries) {
    if (event !== 'pull_request' || action !== 'opened') continue
    const { repository, number } = JSON.parse(body) as { repository: { full_name: string }; number: number }
    sent.set(`${repository.full_name}#${number}`, deliveredAt.getTime())
  }
  const { rows } = await db.query<{
    key: string
    created: number
    examined: number
    posted: number
    finished: number
    conclusion: string
    inline: number
    late: number
  }>(
    `select r.owner || '/' || r.repo || '#' || r.number as key, r.conclusion,
       (extract(epoch from r.created_at) * 1000)::float8 as created,
       (extract(epoch from coalesce(r.examined_at, r.finished_at)) * 1000)::float8 as examined,
       (extract(epoch from coalesce(r.posted_at, r.finished_at)) * 1000)::float8 as posted,
       (extract(epoch from r.finished_at) * 1000)::float8 as finished,
       count(f.*) filter (where f.state = 'inline')::int as inline,
       count(f.*) filter (where f.state = 'late')::int as late
     from production.code_reviews r left join production.review_findings f on f.code_review_id = r.id
     where r.finished_at is not null group by r.id`,
  )
  const found = new Map(rows.map(row => [row.key, row]))
  return opened.map(({ shape, repo, number }) => {
    const key = `${repo}#${number}`
    const [row, at] = [found.get(key), sent.get(key)]
    if (row === undefined || at === undefined) throw new Error(`no figures for ${key}`)
    return {
      shape,
      repo,
      number,
      begunMs: row.created - at,
      examinedMs: row.examined - at,
      postedMs: row.posted - at,
      finishedMs: row.finished - at,
      inline: row.inline,
      late: row.late,
      conclusion: row.conclusion,
    }
  })
}
