import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { decideEvent } from '../../../src/core/event.ts'
import { openPull, setup, type Setup } from './setup.ts'

interface AppFile {
  default_permissions: Record<string, 'read' | 'write'>
  default_events: string[]
}

let app: AppFile
let world: Setup

beforeAll(async () => {
  app = parse(await readFile(new URL('../../../app.yml', import.meta.url), 'utf8')) as AppFile
  world = await setup({ permissions: app.default_permissions })
})
afterAll(() => world?.close())

it('asks for no permission that Cupel’s tokens do not carry, and for each that they do', async () => {
  const { ref } = await openPull(world, 'shop')
  await (await world.host()).reader.pullRequest(ref)
  const [token] = [...world.github.state.tokens.values()]
  expect(token?.permissions).toEqual(app.default_permissions)
})

it('subscribes to the events that are decided on, those that always come left out', () => {
  const decided = (name: string) => {
    const payload = { action: 'created', installation: { id: 1 } }
    const intents = decideEvent({ name, deliveryId: 'd', payload }, { id: 7 })
    return intents.every(intent => intent.kind !== 'ignore' || !intent.why.includes('is not used'))
  }
  expect(app.default_events.filter(name => !decided(name))).toEqual([])
  expect(app.default_events.toSorted()).toEqual([
    'check_run',
    'issue_comment',
    'pull_request',
    'pull_request_review',
    'pull_request_review_comment',
    'pull_request_review_thread',
  ])
})
