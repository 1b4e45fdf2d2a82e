import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { redisMissing } from '../support/redis.ts'
import { queuedReviews } from './queued-reviews.ts'
import { createRepository, places, reactions, reviewed, see, type At } from './repository.ts'
import { cleanCode, twoDefects } from './samples.ts'
import { expectHonestWork, startWorld, type World } from './world.ts'

// What a comment leads to is the same whichever queue its job came from, and reviews.test.ts runs on PostgreSQL.
const missing = redisMissing()
const backend = missing === undefined ? 'redis' : 'postgres'
if (missing) it.skip(missing, () => {})

let world: World
beforeAll(async () => {
  world = await startWorld({ backend })
})
afterAll(() => world?.close())
afterEach(() => expectHonestWork(world))

if (backend === 'redis')
  describe('a pull request on redis', () => {
    queuedReviews(() => world)
  })

describe(`a command on ${backend}`, () => {
  /** A pull request that is not reviewed by itself, and what comments on it lead to. */
  const quiet = async () => {
    const repository = await createRepository(world, { '.github/cupel.yml': 'severity_floor: medium\n' })
    const at = await repository.open({ 'src/a.ts': twoDefects }, { draft: true })
    await repository.settled()
    const say = async (body: string, by = 'ada'): Promise<number> => {
      const { id } = await world.github.control.comment({ ...at, by, body })
      await repository.settled()
      return id
    }
    return { repository, at, say }
  }

  it.concurrent('review: is taken with a reaction, reviews also a draft, and a second one repeats nothing', async () => {
    const { at, say } = await quiet()
    const first = await say('/cupel review')
    expect(reactions(world, first)).toEqual(['eyes'])
    expect(places(see(world, at))).toEqual(['src/a.ts:2', 'src/a.ts:7'])
    await say('Please look again:\n\n/cupel review')
    const again = await say('/CUPEL   review full')
    expect(reactions(world, again)).toEqual(['eyes'])
    const seen = see(world, at)
    expect(seen.reviews).toHaveLength(1)
    expect(places(seen)).toHaveLength(2)
    expect(seen.summaries).toHaveLength(1)
    expect(seen.answers).toEqual([])
    expect(seen.checks.map(check => check.conclusion)).toEqual(['skipped', 'neutral', 'neutral', 'neutral'])
  })

  it.concurrent('pause: stops reviews of pushes until resume, which begins one', async () => {
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': cleanCode })
    await repository.settled()
    const { control } = world.github
    const pause = await control.comment({ ...at, by: 'ada', body: '/cupel pause' })
    await repository.settled()
    await repository.calm()
    const head = await repository.commit(at.branch, { 'src/b.ts': twoDefects })
    await repository.settled()
    expect(see(world, at).reviews).toEqual([])
    expect(see(world, at).checks.find(check => check.headSha === head)).toMatchObject({
      conclusion: 'skipped',
      summary: expect.stringContaining('paused'),
    })
    await control.comment({ ...at, by: 'ada', body: '/cupel resume' })
    await repository.settled()
    expect(places(see(world, at))).toEqual(['src/b.ts:2', 'src/b.ts:7'])
    expect(reactions(world, pause.id)).toEqual(['eyes'])
    expect(see(world, at).answers).toEqual([
      expect.stringContaining('are paused until'),
      expect.stringContaining('on again'),
    ])
    const audited = await world.owner.query<{ action: string }>(
      `select action from audit.event_log where subject = $1 order by sequence`,
      [`${at.repo}#${at.number}`],
    )
    expect(audited.rows.map(row => row.action)).toEqual(['pull-request.pause', 'pull-request.resume'])
  })

  it.concurrent('resolve and explain: in threads, by what a finding was raised and then all resolved', async () => {
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': twoDefects })
    const { findings } = await reviewed(world, at)
    const [thread] = findings
    const { control } = world.github
    const asked = await control.reply({ commentId: thread?.id ?? 0, by: 'ada', body: '/cupel explain' })
    await repository.settled()
    expect(reactions(world, asked.id)).toEqual(['eyes'])
    expect(see(world, at).answers).toEqual([expect.stringMatching(/oxlint\/use-isnan[\s\S]*98 %/)])
    await control.comment({ ...at, by: 'ada', body: '/cupel resolve' })
    await repository.settled()
    const seen = see(world, at)
    expect(seen.findings.map(each => each.resolved)).toEqual([true, true])
    expect(seen.answers).toContain('Resolved 2 of my threads.')
  })

  describe('in the conversation', () => {
    let at: At
    let say: (body: string, by?: string) => Promise<number>
    beforeAll(async () => {
      ;({ at, say } = await quiet())
    })

    it.each([
      ['ada, a writer', '/cupel help', ['eyes'], /\| `\/cupel review full` \|/],
      ['ada, a writer', '/cupel', ['eyes'], /\| `\/cupel review full` \|/],
      [
        'ada, a writer',
        '/cupel config',
        ['eyes'],
        /severity_floor.*medium[\s\S]*Release in force: `genesis`/,
      ],
      ['ada, a writer', '/cupel explain', ['eyes'], /as a reply in the thread/],
      ['ada, a writer', '/cupel resolve', ['eyes'], /No thread of mine is open/],
      ['ada, a writer', '/cupel reveiw', ['confused'], /Did you mean `\/cupel review`\?/],
      ['ada, a writer', '/cupel rm -rf @everyone', ['confused'], /no command `\/cupel rm -rf @everyone`/],
      ['olga, who may triage', '/cupel review', ['-1'], /needs write access/],
      ['olga, who may triage', '/cupel help', ['eyes'], /\/cupel review full/],
      ['eve, an outsider', '/cupel review', ['-1'], null],
      ['eve, an outsider', '/cupel help', ['-1'], null],
      ['eve, an outsider', '/cupel nonsense', ['confused'], null],
    ])('by %s, %s, gets what they may have and no more', async (who, body, reaction, answer) => {
      const before = see(world, at)
      const id = await say(body, who.split(',')[0])
      expect(reactions(world, id)).toEqual(reaction)
      const seen = see(world, at)
      const answers = answer === null ? [] : [expect.stringMatching(answer)]
      expect(seen).toEqual({ ...before, answers: [...before.answers, ...answers] })
    })
  })

  it.concurrent('by the author without write access: may ask for help, not for a review', async () => {
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': cleanCode }, { author: 'newcomer', draft: true })
    const { control } = world.github
    const help = await control.comment({ ...at, by: 'newcomer', body: '/cupel help' })
    const review = await control.comment({ ...at, by: 'newcomer', body: '/cupel review' })
    await repository.settled()
    expect(reactions(world, help.id)).toEqual(['eyes'])
    expect(reactions(world, review.id)).toEqual(['-1'])
    expect(see(world, at).answers).toHaveLength(2)
  })

  it.concurrent('in a quote, a fence or mid-sentence, by a bot, or written in by an edit is none', async () => {
    const { repository, at, say } = await quiet()
    const robot = await world.github.control.createUser({ login: `robot-${repository.id}[bot]` })
    const user = world.github.state.users.get(robot.login)
    if (user) user.type = 'Bot'
    const ids = [
      await say('> /cupel review'),
      await say('```\n/cupel review\n```'),
      await say('You could write /cupel review here.'),
      await say('/cupel review', robot.login),
    ]
    const plain = await say('Looks good.')
    const { token } = await world.github.control.userToken({ login: 'ada' })
    const edited = await fetch(`${world.github.url}/repos/${at.repo}/issues/comments/${plain}`, {
      method: 'PATCH',
      headers: { authorization: `token ${token}` },
      body: JSON.stringify({ body: '/cupel review' }),
    })
    expect(edited.status).toBe(200)
    await repository.settled()
    for (const id of [...ids, plain]) expect(reactions(world, id)).toEqual([])
    expect(see(world, at)).toMatchObject({ reviews: [], answers: [], summaries: [] })
  })

  it.concurrent('is carried out once, however often its webhook arrives', async () => {
    const { repository, at, say } = await quiet()
    await say('/cupel help')
    const sent = world.github.deliveries.find(
      delivery => delivery.repositoryId === repository.id && delivery.event === 'issue_comment',
    )
    if (!sent) throw new Error('the comment was delivered')
    for (const id of ['first', 'second'])
      await world.send({ event: sent.event, id: `${sent.guid}-${id}`, body: sent.body })
    await repository.settled()
    expect(see(world, at).answers).toHaveLength(1)
  })

  it.concurrent('on a closed pull request says that it is closed', async () => {
    const { at, say } = await quiet()
    await world.github.control.close({ ...at, by: 'ada' })
    await say('/cupel review')
    expect(see(world, at).answers).toEqual([expect.stringContaining('is closed')])
  })
})
