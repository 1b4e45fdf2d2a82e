import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PullRequestRef } from '../../../src/core/pull-request.ts'
import { callsSince, openPull, setup, type Host, type Setup } from './setup.ts'

let world: Setup
let host: Host
let ref: PullRequestRef
let headSha: string

beforeAll(async () => {
  world = await setup()
  host = await world.host()
  const opened = await openPull(world, 'shop', {
    files: { 'AGENTS.md': 'be kind\n' },
    collaborators: { tia: 'triage', max: 'maintain', wim: 'write', ada: 'admin' },
  })
  ;({ ref, headSha } = opened)
})
afterAll(() => world?.close())
beforeEach(() => world.github.faults.clear())

describe('reading files and contents', () => {
  it('lists files, and asks again for free', async () => {
    const first = await host.reader.files(ref)
    expect(first.files.map(file => [file.path, file.patch === undefined])).toEqual([
      ['a.txt', false],
      ['b.bin', true],
    ])
    expect(first.truncated).toBe(false)
    expect(await host.reader.files(ref)).toEqual(first)
    expect(world.outcomes.at(-1)).toBe('files not-modified')
  })

  it('pages to 3,000 files, says that there are more, and asks each page once', async () => {
    const many = await openPull(world, 'many')
    const files = Object.fromEntries(
      Array.from({ length: 3_001 }, (_, index) => [`d/${String(index).padStart(4, '0')}.txt`, 'x\n']),
    )
    await world.github.control.commit({
      repo: 'acme/many',
      branch: 'work',
      files,
      message: 'Many',
      author: 'ann',
    })
    const mark = world.github.requests.length
    const listed = await host.reader.files(many.ref)
    expect([listed.files.length, listed.truncated]).toEqual([3_000, true])
    expect(new Set(listed.files.map(file => file.path)).size).toBe(3_000)
    expect(callsSince(world.github, mark)).toHaveLength(30)
  })

  it('reads contents at a commit; binary has no text, missing paths are missing, odd paths ask for nothing', async () => {
    const blobs = await host.reader.blobs(ref, headSha, [
      'a.txt',
      'a.txt',
      'b.bin',
      'no.txt',
      '../a.txt',
      './a.txt',
      '/a.txt',
      'a\0.txt',
      '',
    ])
    expect(blobs).toEqual([
      { path: 'a.txt', text: 'one\ntwo\n', bytes: 8 },
      { path: 'b.bin', text: null, bytes: 3 },
    ])
  })

  it('gives no text for what is not UTF-8 or too long for GitHub’s answer', async () => {
    await world.github.control.commit({
      repo: 'acme/shop',
      branch: 'odd',
      files: {
        'latin1.txt': new Uint8Array([0x63, 0xe9, 0x0a]),
        'long.txt': 'x'.repeat(600_000),
        'bom.txt': '\uFEFFa',
      },
      message: 'Odd',
      author: 'ann',
    })
    const blobs = await host.reader.blobs(ref, 'odd', ['latin1.txt', 'long.txt', 'bom.txt'])
    expect(blobs.map(blob => [blob.path, blob.text === null])).toEqual([
      ['latin1.txt', true],
      ['long.txt', true],
      ['bom.txt', false],
    ])
  })

  it('halves a batch that GitHub cannot finish, and gives up on one path only', async () => {
    const paths = Array.from({ length: 8 }, (_, index) => `p${index}.txt`)
    const files = Object.fromEntries(paths.map(path => [path, `${path}\n`]))
    await world.github.control.commit({
      repo: 'acme/shop',
      branch: 'eight',
      files,
      message: 'Eight',
      author: 'ann',
    })
    // Eight, four, two and one path fail, each as often as a read is tried.
    world.github.faults.add({ path: '/graphql', times: 4 * 3, answer: { status: 502 } })
    const blobs = await host.reader.blobs(ref, 'eight', paths)
    expect(blobs.map(blob => blob.text)).toEqual([null, ...paths.slice(1).map(path => `${path}\n`)])
  })

  it('stops asking a GitHub that is down', async () => {
    world.github.faults.add({ path: '/graphql', times: 10_000, answer: { status: 502 } })
    const mark = world.github.requests.length
    const paths = Array.from({ length: 100 }, (_, index) => `p${index}`)
    await expect(host.reader.blobs(ref, headSha, paths)).rejects.toMatchObject({ code: 'github-unavailable' })
    expect(callsSince(world.github, mark).length).toBeLessThan(50)
  })
})

describe('what somebody may do', () => {
  beforeAll(async () => {
    await world.github.control.createUser({ login: 'olaf' })
    await world.github.control.addMember({ organisation: 'acme', login: 'mia', permission: 'write' })
  })

  it.each([
    ['the owner', 'acme', 'admin'],
    ['an administrator', 'ada', 'admin'],
    ['a maintainer', 'max', 'maintain'],
    ['a writer', 'wim', 'write'],
    ['somebody with triage', 'tia', 'triage'],
    ['a member, by the organisation’s base permission', 'mia', 'write'],
    ['an outsider of a public repository', 'olaf', 'read'],
    ['nobody GitHub knows', 'no-such-login', 'none'],
    ['a bot', 'cupel[bot]', 'none'],
    ['a login that is a path', '../../acme', 'none'],
  ])('of %s (%s) is %s', async (_who, login, permission) => {
    expect(await host.reader.permission(ref, login)).toBe(permission)
  })

  it('of an outsider of a private repository is none', async () => {
    const secret = await openPull(world, 'secret', { private: true })
    expect(await host.reader.permission(secret.ref, 'olaf')).toBe('none')
  })

  it('of somebody with a custom role is what the role is based on', async () => {
    const user = { login: 'cus', id: 1 }
    const body = { permission: 'write', role_name: 'security-engineer', user }
    world.github.faults.add({ path: '/permission', answer: { status: 200, body } })
    expect(await host.reader.permission(ref, 'cus')).toBe('write')
  })

  it('is an error, not "none", when GitHub stumbles', async () => {
    world.github.faults.add({ path: '/permission', times: 3, answer: { status: 500 } })
    await expect(host.reader.permission(ref, 'wim')).rejects.toMatchObject({ code: 'github-unavailable' })
  })
})

it('sends nothing that GitHub’s description does not allow, and gets nothing else', () => {
  expect(world.github.validationErrors).toEqual([])
})
