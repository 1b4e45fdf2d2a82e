import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pollReactions } from '../../../jobs/production/poll-reactions.ts'
import { takeReview } from '../../../jobs/production/take-review.ts'
import { jobsWorld, openPull, type JobsWorld } from './world.ts'

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world.close())
afterEach(() => {
  expect(world.errors).toEqual([])
  expect(world.github.validationErrors).toEqual([])
})

const code = (...lines: string[]): Record<string, string> => ({ 'a.js': `${lines.join('\n')}\n` })
const hour = 3_600_000
async function look(): Promise<void> {
  world.pass(7 * 24 * hour)
  await pollReactions(world.deps)
}

describe('the sample', () => {
  it('is the first head that was reviewed, with what production said of it and no secret', async () => {
    const secret = `ghp_${'A1b2'.repeat(9)}`
    const pull = await openPull(world, code('let a', `const t = "${secret}" // BUG`))
    await pull.push(code('let a', 'let c // BUG'))
    const { rows } = await world.owner.query(
      `select s.snapshot::text as snapshot, s.hunks, s.language, b.findings::text as findings, b.degraded, b.latency_ms
       from experiments_v1.samples s join gate.sample_baselines b on b.sample_id = s.id where s.id = $1`,
      [`${pull.id}/${pull.number}`],
    )
    expect(rows).toMatchObject([{ hunks: 1, language: 'JavaScript', degraded: false }])
    expect(rows[0].snapshot).toContain('let a')
    expect(rows[0].snapshot + rows[0].findings).not.toContain(secret)
    expect(JSON.parse(rows[0].findings)).toMatchObject([{ path: 'a.js', line: 2, title: 'A bug' }])
    expect(await world.metrics()).toMatch(/v2_samples_total\{outcome="taken"\} [1-9]/)
  })

  it('is forgotten when it is old, and what is younger is kept', async () => {
    const [old, young] = [
      await openPull(world, code('let a // BUG')),
      await openPull(world, code('let a // BUG')),
    ]
    await world.owner.query(
      "update experiments_v1.samples set taken_at = now() - interval '181 days' where repository_id = $1",
      [old.id],
    )
    const before = new Date(Date.now() - 180 * 86_400_000)
    expect(await world.deps.samples.forget(before)).toBe(1)
    expect(await world.deps.samples.forget(before)).toBe(0)
    const { rows } = await world.owner.query<{ kept: boolean }>(
      'select snapshot is not null as kept from experiments_v1.samples where repository_id = any ($1) order by repository_id = $2',
      [[old.id, young.id], young.id],
    )
    expect(rows).toEqual([{ kept: false }, { kept: true }])
  })

  it('is not taken where the repository opted out', async () => {
    const pull = await openPull(world, code('let a // BUG'), {
      '.github/cupel.yml': 'shadow_sampling: false\n',
    })
    expect(pull.comments()).toHaveLength(1)
    const { rows } = await world.owner.query(
      'select 1 from experiments_v1.samples where repository_id = $1',
      [pull.id],
    )
    expect(rows).toEqual([])
  })

  it('ends with its pull request, once', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    await world.github.control.merge({ ...pull, by: 'cara' })
    await world.work(2)
    const { rows } = await world.owner.query(
      `select e.merged, s.ended_at = e.ended_at as same, f.closed_at = e.ended_at as followed
       from gate.sample_ends e join production.sampled s using (sample_id)
       join production.followed f using (repository_id, number) where s.repository_id = $1`,
      [pull.id],
    )
    expect(rows).toEqual([{ merged: true, same: true, followed: true }])
  })

  it('is forgotten with its repository, and its labels keep no words', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    await world.github.control.reply({ commentId: pull.comments()[0] ?? 0, by: 'bob', body: 'useful' })
    await world.work()
    expect(await pull.labels()).toEqual(['1 real-issue A reply:useful a.js:1'])
    await world.github.control.uninstall({ repo: pull.repo })
    await world.work(2)
    const { rows } = await world.owner.query(
      `select s.snapshot, b.findings::text as findings, l.meaning, l.reason
       from experiments_v1.samples s join gate.sample_baselines b on b.sample_id = s.id
       join gate.labels l on l.sample_id = s.id where s.repository_id = $1`,
      [pull.id],
    )
    expect(rows).toEqual([{ snapshot: null, findings: '[]', meaning: '', reason: null }])
    expect(await pull.signals()).toEqual([])
  })
})

describe('what people say', () => {
  it('by reason: the last word counts, edited and deleted replies too, each event twice', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    const [thread = 0] = pull.comments()
    const { control } = world.github
    await control.reply({ commentId: thread, by: 'bob', body: 'Wrong: it is meant' })
    await world.work(2)
    await control.reply({ commentId: thread, by: 'mallory', body: 'useful' })
    await control.reply({ commentId: thread, by: 'cara', body: 'hmm, what?' })
    await control.reply({ commentId: thread, by: 'bob', body: '> A bug\n\n**useful** after all' })
    await world.work(2)
    expect(await pull.signals()).toEqual([
      'reply wrong by bob collaborator',
      'reply useful by mallory outsider',
      'reply unreadable by cara collaborator',
      'reply useful by bob collaborator',
    ])
    expect(await pull.labels()).toEqual([
      '1 not-an-issue A reply:wrong a.js:1',
      '2 real-issue A reply:useful a.js:1',
    ])
  })

  it('by reactions: added, taken back and changed, seen at any look', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    const [commentId = 0] = pull.comments()
    const { control } = world.github
    await control.react({ commentId, by: 'bob', content: '+1' })
    await control.react({ commentId, by: 'mallory', content: '-1' })
    await control.react({ commentId, by: 'cara', content: 'eyes' })
    await look()
    await look()
    expect(await pull.signals()).toEqual([
      'reaction +1 by bob collaborator',
      'reaction -1 by mallory outsider',
      'reaction eyes by cara collaborator',
    ])
    expect(await pull.labels()).toEqual(['1 real-issue A reaction:+1 a.js:1'])
    await control.unreact({ commentId, by: 'bob', content: '+1' })
    await control.react({ commentId, by: 'cara', content: '-1' })
    await look()
    expect((await pull.signals()).slice(3)).toEqual([
      'removed reaction +1 by bob collaborator',
      'reaction -1 by cara collaborator',
    ])
    expect((await pull.labels()).slice(1)).toEqual([
      '2 withdrawn C a.js:1',
      '1 not-an-issue A reaction:-1 a.js:1',
    ])
  })

  it('given and taken back between two looks it was never said', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    const [commentId = 0] = pull.comments()
    await world.github.control.react({ commentId, by: 'bob', content: '+1' })
    await world.github.control.unreact({ commentId, by: 'bob', content: '+1' })
    await look()
    expect(await pull.signals()).toEqual([])
  })

  it('a look at what has not changed is one request that costs nothing', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    await world.github.control.react({ commentId: pull.comments()[0] ?? 0, by: 'bob', content: 'heart' })
    await look()
    await world.owner.query('delete from production.followed where repository_id <> $1', [pull.id])
    await world.owner.query('update production.followed set polls = 1')
    const free = async (): Promise<number> =>
      Number(/_count\{kind="comments",outcome="not-modified"\} (\d+)/.exec(await world.metrics())?.[1] ?? 0)
    const before = world.github.requests.length
    const freeBefore = await free()
    await look()
    const asked = world.github.requests
      .slice(before)
      .filter(request => !request.path.endsWith('/access_tokens'))
      .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)
    expect(asked).toEqual([`GET /repos/${pull.repo}/pulls/${pull.number}/comments`])
    expect(await free()).toBe(freeBefore + 1)
  })

  it('a reaction beats a deed, and the other way round it does not', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    const [commentId = 0] = pull.comments()
    await pull.push(code('let a // GOOD'))
    expect(await pull.labels()).toEqual(['1 real-issue A suggestion-applied a.js:1'])
    await world.github.control.react({ commentId, by: 'ada', content: '-1' })
    await look()
    expect((await pull.labels()).slice(1)).toEqual(['2 not-an-issue A reaction:-1 a.js:1'])
  })
})

describe('what people do', () => {
  it('lines changed are weak evidence, with a resolved thread better, resolving alone is none', async () => {
    const pull = await openPull(world, code('let a // BUG', 'let b', 'let c'))
    const [thread = 0] = pull.comments()
    await world.github.control.resolve({ thread, by: 'bob' })
    await world.work(2)
    expect(await pull.labels()).toEqual([])
    await pull.push(code('let other', 'let b', 'let c'))
    expect(await pull.signals()).toEqual([
      'thread-resolved by bob collaborator',
      'line-changed by ada author',
    ])
    expect(await pull.labels()).toEqual([
      '1 real-issue B resolved-and-changed a.js:1',
      '1 real-issue C line-changed a.js:1',
    ])
    await world.github.control.unresolve({ thread, by: 'bob' })
    await pull.push(code('let a // BUG', 'let b', 'let c'))
    expect(await pull.signals()).toContain('removed line-changed by ada author')
    expect((await pull.labels()).slice(2)).toEqual(['2 withdrawn C a.js:1', '2 withdrawn C a.js:1'])
  })

  it('a suggestion that was applied and undone again is withdrawn', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    await pull.push(code('let a // GOOD'))
    await pull.push(code('let z'))
    expect(await pull.signals()).toEqual([
      'line-changed by ada author',
      'suggestion-applied by ada author',
      'removed suggestion-applied by ada author',
    ])
    expect((await pull.labels()).at(-1)).toBe('2 real-issue C line-changed a.js:1')
  })

  it("a reviewer's own comment is a missed issue once its lines change, or another maintainer agrees", async () => {
    const pull = await openPull(
      world,
      code('let a', 'let b', 'let c', 'let d', 'let e', 'let f', 'let g // BUG'),
    )
    const { control } = world.github
    const about = (by: string, line: number, body: string) =>
      control.reviewComment({ repo: pull.repo, number: pull.number, by, path: 'a.js', line, body })
    const first = await about('bob', 1, 'This overflows for large orders.')
    await about('bob', 2, 'Why is that?')
    await about('bob', 7, 'Here is a bug.')
    await about('mallory', 3, 'This is broken.')
    await world.work(2)
    expect(await pull.labels()).toEqual([])
    await control.react({ commentId: first.id, by: 'mallory', content: '+1' })
    await control.react({ commentId: first.id, by: 'bob', content: '+1' })
    await look()
    expect(await pull.labels()).toEqual([])
    await control.react({ commentId: first.id, by: 'cara', content: '+1' })
    await look()
    expect(await pull.labels()).toEqual(['1 real-issue A comment-agreed a.js:1'])
    await pull.push(code('let x', 'let y', 'let z', 'let d', 'let e', 'let f', 'let g // BUG'))
    expect((await pull.labels()).slice(1)).toEqual(['2 real-issue A comment-changed a.js:1'])
  })

  it('what is said of a later head counts only where the sample has those lines', async () => {
    const pull = await openPull(world, code('let a', 'let b', 'let c', 'let d', 'let e'))
    await pull.push(code('let a', 'let b', 'let c', 'let d', 'let e', 'let f // BUG'))
    await world.github.control.reply({ commentId: pull.comments()[0] ?? 0, by: 'bob', body: 'useful' })
    const remark = { repo: pull.repo, number: pull.number, by: 'bob', path: 'a.js', line: 2 }
    const { id } = await world.github.control.reviewComment({ ...remark, body: 'b is never used.' })
    await world.work()
    await world.github.control.react({ commentId: id, by: 'cara', content: 'rocket' })
    await look()
    expect(await pull.signals()).toHaveLength(3)
    expect(await pull.labels()).toEqual(['1 real-issue A comment-agreed a.js:2'])
  })
})

describe('whoever dies on the way is taken up by the next try, which does nothing twice', () => {
  /** The step fails once, as if the process had been killed there. */
  function failOnce<T extends object>(of: T, step: keyof T): void {
    const works = of[step]
    of[step] = (async () => {
      of[step] = works
      throw new Error('killed')
    }) as T[keyof T]
  }

  it('after the push was recorded and the sample taken, before the review was done', async () => {
    const pull = await openPull(world, code('let a', 'let b // BUG'))
    failOnce(world.deps.reviews, 'finish')
    await expect(pull.push(code('let a', 'let b // GOOD'))).rejects.toThrow('killed')
    const { rows } = await world.owner.query<{ id: string }>(
      'select id from production.review_requests where repository_id = $1 and finished_at is null',
      [pull.id],
    )
    await takeReview(world.deps, rows[0]?.id ?? '', new AbortController().signal)
    expect(await pull.signals()).toEqual(['line-changed by ada author', 'suggestion-applied by ada author'])
    expect(await pull.labels()).toEqual(['1 real-issue A suggestion-applied a.js:2'])
  })

  it('after reactions were recorded, before the labels were told', async () => {
    const pull = await openPull(world, code('let a // BUG'))
    await world.github.control.react({ commentId: pull.comments()[0] ?? 0, by: 'bob', content: '+1' })
    await world.owner.query('delete from production.followed where repository_id <> $1', [pull.id])
    failOnce(world.deps.labels, 'submit')
    await look()
    expect([await pull.signals(), await pull.labels()]).toEqual([['reaction +1 by bob collaborator'], []])
    await look()
    expect([await pull.signals(), await pull.labels()]).toEqual([
      ['reaction +1 by bob collaborator'],
      ['1 real-issue A reaction:+1 a.js:1'],
    ])
  })

  it('a pull request that is gone is not looked at again; one closed for 14 days neither', async () => {
    const [gone, closed] = [
      await openPull(world, code('let a // BUG')),
      await openPull(world, code('let b // BUG')),
    ]
    await world.github.control.close({ ...closed, by: 'ada' })
    await world.work()
    // The worker's clock is ahead of the local GitHub's by what earlier tests let pass.
    await world.deps.followed.closed(
      { repositoryId: closed.id, number: closed.number },
      world.deps.clock.now(),
    )
    world.github.faults.add({ path: `${gone.repo}/pulls/${gone.number}/comments`, answer: { status: 404 } })
    const followed = async (): Promise<number[]> =>
      (
        await world.owner.query<{ repository_id: string }>(
          'select repository_id from production.followed where repository_id = any($1) order by 1',
          [[gone.id, closed.id]],
        )
      ).rows.map(row => Number(row.repository_id))
    expect(await followed()).toEqual([gone.id, closed.id])
    await look()
    expect(await followed()).toEqual([closed.id])
    world.pass(8 * 24 * hour)
    await look()
    expect(await followed()).toEqual([])
  })
})
