import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPull, setup, type Setup } from './setup.ts'

let world: Setup
beforeAll(async () => {
  world = await setup()
})
afterAll(() => world.close())

async function commented(name: string, bodies: string[]) {
  const { ref, at } = await openPull(world, name, { collaborators: { bob: 'write' } })
  for (const body of bodies)
    await world.github.control.reviewComment({ ...at, by: 'bob', path: 'a.txt', line: 2, body })
  const reader = await world.reactions()
  return { ref, reader, comments: await reader.comments(ref) }
}

it('lists comments with their roll-ups, free while nothing changes', async () => {
  const { ref, reader, comments } = await commented('list', ['one', 'two'])
  expect(comments.map(({ body, rollup, own }) => ({ body, rollup, own }))).toEqual([
    { body: 'one', rollup: '', own: false },
    { body: 'two', rollup: '', own: false },
  ])
  const commentId = comments[0]?.id ?? 0
  world.outcomes.length = 0
  await reader.comments(ref)
  await world.github.control.react({ commentId, by: 'ann', content: '+1' })
  await world.github.control.react({ commentId, by: 'bob', content: 'heart' })
  const changed = await reader.comments(ref)
  expect(changed.map(comment => comment.rollup)).toEqual(['+1:1 heart:1', ''])
  expect(world.outcomes).toEqual(['comments not-modified', 'comments ok'])
})

it('brings who reacted, over pages, without deleted accounts and bots', async () => {
  const { ref, reader, comments } = await commented('pages', ['one', 'two'])
  const [first, second] = comments
  if (!first || !second) throw new Error('two comments were expected')
  for (let n = 0; n < 170; n++)
    await world.github.control.react({ commentId: first.id, by: `p${n}`, content: '+1' })
  await world.github.control.react({ commentId: second.id, by: 'gone', content: '-1' })
  await world.github.control.deleteUser({ login: 'gone' })
  await world.github.control.react({ commentId: second.id, by: 'ann', content: 'rocket' })
  await (await world.host()).writer.react(ref, { kind: 'review-comment', id: second.id }, 'eyes')
  const reactions = await reader.reactions(ref, comments)
  expect(new Set(reactions.filter(each => each.commentId === first.id).map(each => each.login)).size).toBe(
    170,
  )
  expect(reactions.filter(each => each.commentId === second.id)).toMatchObject([
    { login: 'ann', content: 'rocket', userId: expect.any(Number), at: expect.any(Date) },
  ])
  expect(world.github.validationErrors).toEqual([])
})

it('asks for at most 100 comments at once, and passes over one that was deleted meanwhile', async () => {
  const { ref, reader, comments } = await commented(
    'many',
    Array.from({ length: 101 }, (_, n) => `c${n}`),
  )
  const [gone, ...others] = comments
  for (const { id } of [others[0], others[99]].flatMap(one => one ?? []))
    await world.github.control.react({ commentId: id, by: 'ann', content: '-1' })
  const missing = { id: gone?.id ?? 0, nodeId: 'PRRC_nothing' }
  world.outcomes.length = 0
  const reactions = await reader.reactions(ref, [missing, ...others])
  expect(reactions.map(each => each.commentId)).toEqual([others[0]?.id, others[99]?.id])
  expect(world.outcomes).toEqual(['reactions ok', 'reactions ok'])
})
