import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideEvent, type Intent } from '../../src/core/event.ts'

const app = { id: 77 }
const sha = 'a'.repeat(40)
const baseSha = 'b'.repeat(40)
const scope = {
  installation: { id: 5 },
  repository: { id: 9, name: 'shop', owner: { login: 'acme' } },
}
const ref = { installationId: 5, repositoryId: 9, owner: 'acme', repo: 'shop', number: 3 }
const updatedAt = '2026-11-01T10:00:00Z'
const person = { id: 1, login: 'ann', type: 'User' }
const pull = {
  number: 3,
  state: 'open',
  updated_at: updatedAt,
  head: { sha },
  base: { sha: baseSha },
  user: person,
}
const decide = (name: string, payload: object) =>
  decideEvent({ name, deliveryId: 'd-1', payload: { ...scope, ...payload } }, app)
const review = (trigger: object, occasion = 'push') => ({
  kind: 'review',
  ref,
  headSha: sha,
  updatedAt: new Date(updatedAt),
  trigger,
  occasion,
})

describe('pull_request', () => {
  it.each([
    ['opened', {}, review({ kind: 'opened' })],
    ['synchronize', {}, review({ kind: 'synchronize' })],
    ['reopened', {}, review({ kind: 'reopened' })],
    ['ready_for_review', {}, review({ kind: 'ready-for-review' })],
    ['labeled', { label: { name: 'x' } }, review({ kind: 'labeled', label: 'x' })],
    [
      'edited',
      { changes: { base: { ref: { from: 'dev' } } } },
      review({ kind: 'base-changed' }, `base:${baseSha}`),
    ],
    [
      'closed',
      {},
      {
        kind: 'close',
        ref,
        headSha: sha,
        updatedAt: new Date(updatedAt),
        closedAt: new Date(updatedAt),
        merged: false,
      },
    ],
    [
      'closed',
      { pull_request: { ...pull, merged: true, closed_at: '2026-11-01T09:59:58Z' } },
      {
        kind: 'close',
        ref,
        headSha: sha,
        updatedAt: new Date(updatedAt),
        closedAt: new Date('2026-11-01T09:59:58Z'),
        merged: true,
      },
    ],
  ])('%s %j', (action, more, intent) => {
    expect(decide('pull_request', { action, pull_request: pull, ...more })).toEqual([intent])
  })

  it.each([
    ['edited', { changes: { title: { from: 'x' } } }],
    ['labeled', {}],
    ['assigned', {}],
    ['synchronize', { pull_request: { ...pull, state: 'closed' } }],
  ])('%s %j is ignored', (action, more) => {
    expect(decide('pull_request', { action, pull_request: pull, ...more })).toEqual([
      { kind: 'ignore', why: expect.any(String) },
    ])
  })

  it.each([
    ['head.sha', { ...pull, head: { sha: 'main; rm -rf' } }],
    ['number', { ...pull, number: '3' }],
    ['updated_at', { ...pull, updated_at: 'yesterday' }],
    ['state', { ...pull, state: 'ajar' }],
  ])('a wrong %s is named as unreadable', (field, pull_request) => {
    expect(decide('pull_request', { action: 'opened', pull_request })).toEqual([
      { kind: 'unreadable', why: `cannot be read: pull_request.${field}` },
    ])
  })

  it.each(['../x', 'a/b', '..', '', 'x'.repeat(101), 'a b'])('repository name %j is unreadable', name => {
    const repository = { ...scope.repository, name }
    expect(decide('pull_request', { action: 'opened', pull_request: pull, repository })[0]?.kind).toBe(
      'unreadable',
    )
  })
})

describe('comments', () => {
  const comment = { id: 40, body: '/cupel review', user: person }
  const issue = { number: 3, user: { ...person, id: 2 }, pull_request: { url: 'u' } }
  const given = {
    kind: 'command',
    ref,
    commentId: 40,
    login: 'ann',
    userId: 1,
    command: { kind: 'command', form: 'review' },
  }

  it('a command on a pull request', () => {
    expect(decide('issue_comment', { action: 'created', comment, issue })).toEqual([
      { ...given, where: 'issue-comment', threadCommentId: null, isAuthor: false },
    ])
  })

  it.each([
    [30, 30],
    [undefined, 40],
  ])('in a thread, in reply to %s: the thread is that of comment %i', (in_reply_to_id, threadCommentId) => {
    const payload = { action: 'created', comment: { ...comment, in_reply_to_id }, pull_request: pull }
    expect(decide('pull_request_review_comment', payload)).toEqual([
      { ...given, where: 'review-comment', threadCommentId, isAuthor: true },
    ])
  })

  it('a wrong command is a command to be answered', () => {
    const wrong = { ...comment, body: '/cupel reveiw' }
    expect(decide('issue_comment', { action: 'created', comment: wrong, issue })).toMatchObject([
      { kind: 'command', command: { kind: 'unknown', suggestion: 'review' } },
    ])
  })

  it.each([
    ['edited', comment, issue],
    ['deleted', comment, issue],
    ['created', { ...comment, body: 'nice' }, issue],
    ['created', { ...comment, body: null }, issue],
    ['created', { ...comment, user: null }, issue],
    ['created', { ...comment, user: { ...person, type: 'Bot' } }, issue],
    ['created', { ...comment, user: { ...person, login: 'cupel[bot]' } }, issue],
    ['created', { ...comment, performed_via_github_app: { id: 1 } }, issue],
    ['created', comment, { ...issue, pull_request: undefined }],
  ])('%s %j is ignored', (action, given, on) => {
    expect(decide('issue_comment', { action, comment: given, issue: on })).toEqual([
      { kind: 'ignore', why: expect.any(String) },
    ])
  })
})

describe('what people say on review threads', () => {
  const comment = {
    id: 40,
    body: 'wrong: b is never null here',
    user: { ...person, id: 2, login: 'bob' },
    created_at: '2026-11-01T10:00:00Z',
    updated_at: '2026-11-01T10:05:00Z',
    path: 'src/a.ts',
    diff_hunk: '@@ -1,3 +1,4 @@\n const a = 1\n-const b = 2\n+const b = 3\n+const c = 4',
    commit_id: sha,
    line: 3,
    start_line: 2,
    side: 'RIGHT',
  }
  const by = { id: 2, login: 'bob', isAuthor: false }
  const on = (action: string, more: object) =>
    decide('pull_request_review_comment', { action, comment: { ...comment, ...more }, pull_request: pull })

  it.each([
    ['created', comment.created_at, false],
    ['edited', comment.updated_at, false],
    ['deleted', comment.updated_at, true],
  ])('a reply that was %s', (action, at, removed) => {
    expect(on(action, { in_reply_to_id: 30 })).toEqual([
      {
        kind: 'reply',
        ref,
        by,
        commentId: 40,
        threadCommentId: 30,
        text: comment.body,
        at: new Date(at),
        removed,
      },
    ])
  })

  it.each([
    [
      {},
      { path: 'src/a.ts', side: 'RIGHT', startLine: 2, line: 3, headSha: sha },
      'const b = 3\nconst c = 4',
    ],
    [
      { side: 'LEFT', start_line: null, line: 2, diff_hunk: '@@ -1,2 +1,1 @@\n const a = 1\n-const b = 2' },
      { path: 'src/a.ts', side: 'LEFT', startLine: 2, line: 2, headSha: sha },
      'const b = 2',
    ],
    [{ line: null, start_line: null }, null, ''],
  ])("a comment of a person's own, %j, keeps its place and lines", (more, place, quote) => {
    expect(on('created', more)).toMatchObject([{ kind: 'human-comment', by, place, quote }])
  })

  it.each([
    ['resolved', true],
    ['unresolved', false],
  ])('a thread that was %s', (action, resolved) => {
    const thread = { node_id: 'T', comments: [{ id: 30, body: 'x', user: person }] }
    const payload = { action, thread, sender: person, pull_request: pull }
    expect(decide('pull_request_review_thread', payload)).toEqual([
      { kind: 'thread', ref, by: { id: 1, login: 'ann', isAuthor: true }, threadCommentId: 30, resolved },
    ])
    for (const sender of [
      { ...person, type: 'Bot' },
      { ...person, login: 'cupel[bot]' },
    ])
      expect(decide('pull_request_review_thread', { ...payload, sender })[0]?.kind).toBe('ignore')
  })

  it.each([
    ['created', { user: { ...person, type: 'Bot' } }],
    ['created', { performed_via_github_app: { id: 1 } }],
    ['created', { user: null }],
    ['edited', { body: '/cupel review' }],
    ['pinned', {}],
  ])('%s %j says nothing', (action, more) => expect(on(action, more)[0]?.kind).toBe('ignore'))
})

describe('check_run', () => {
  const check = { head_sha: sha, external_id: 'r1', app: { id: 77 }, pull_requests: [{ number: 3 }] }
  const { number: _, ...repository } = ref

  it.each([
    [[{ number: 3 }], [3]],
    [[], []],
  ])('rerequested for %j', (pull_requests, numbers) => {
    const payload = { action: 'rerequested', check_run: { ...check, pull_requests } }
    expect(decide('check_run', payload)).toEqual([
      { kind: 'rerequest', repository, numbers, headSha: sha, externalId: 'r1', occasion: 'rerequest:d-1' },
    ])
  })

  it.each([
    ['completed', check],
    ['rerequested', { ...check, app: { id: 78 } }],
    ['rerequested', { ...check, app: null }],
  ])('%s of %j is ignored', (action, check_run) => {
    expect(decide('check_run', { action, check_run })[0]?.kind).toBe('ignore')
  })
})

describe('installations', () => {
  it.each<[string, object, Intent['kind'] | object]>([
    ['installation', { action: 'deleted' }, { kind: 'forget', installationId: 5 }],
    ['installation', { action: 'suspend' }, { kind: 'ignore' }],
    ['installation', { action: 'created' }, { kind: 'ignore' }],
    [
      'installation_repositories',
      { action: 'removed', repositories_removed: [{ id: 9 }, { id: 10 }] },
      { kind: 'forget', installationId: 5, repositoryIds: [9, 10] },
    ],
    ['installation_repositories', { action: 'removed', repositories_removed: [] }, { kind: 'ignore' }],
    ['installation_repositories', { action: 'added' }, { kind: 'ignore' }],
  ])('%s %j', (name, payload, intent) => expect(decide(name, payload)).toMatchObject([intent]))
})

describe('anything else', () => {
  it.each(['pull_request_review', 'pull_request_review_thread', 'push', 'star', '__proto__', 'constructor'])(
    '%s is ignored',
    name =>
      expect(decide(name, { action: 'created' })).toEqual([{ kind: 'ignore', why: expect.any(String) }]),
  )

  it.each([null, undefined, 'text', 3, [], { action: 3 }, { installation: 'x' }])(
    'payload %j never throws',
    payload => {
      for (const name of ['pull_request', 'issue_comment', 'check_run', 'installation', 'ping']) {
        const [intent] = decideEvent({ name, deliveryId: 'd', payload }, app)
        expect(['ignore', 'unreadable']).toContain(intent?.kind)
      }
    },
  )

  const folder = new URL('../../node_modules/@octokit/webhooks-examples/', import.meta.url)
  const versions = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory())
  it.each(versions.map(entry => entry.name))(
    'every example of %s is read, with an installation added',
    version => {
      const text = readFileSync(new URL(`${version}/index.json`, folder), 'utf8')
      const events = JSON.parse(text) as { name: string; examples: object[] }[]
      const kinds = new Set<string>()
      for (const { name, examples } of events) {
        for (const example of examples) {
          for (const payload of [example, { installation: { id: 5 }, ...example }]) {
            const intents = decideEvent({ name, deliveryId: 'd', payload }, app)
            expect(intents.length, name).toBeGreaterThan(0)
            for (const intent of intents) {
              expect(intent.kind, `${name}: ${JSON.stringify(intent)}`).not.toBe('unreadable')
              kinds.add(intent.kind)
            }
          }
        }
      }
      expect(kinds).toContain('review')
      expect(kinds).toContain('ignore')
    },
  )
})

describe('a payload with parts missing or replaced', () => {
  const comment = { id: 40, body: '/cupel review', user: person, in_reply_to_id: 30 }
  const issue = { number: 3, user: person, pull_request: {} }
  const check_run = { head_sha: sha, external_id: 'r1', app: { id: 77 }, pull_requests: [{ number: 3 }] }
  const label = { name: 'x' }
  const whole: [string, object][] = [
    ...['opened', 'synchronize', 'reopened', 'ready_for_review', 'closed', 'labeled', 'edited'].map(
      (action): [string, object] => [
        'pull_request',
        { action, pull_request: pull, label, changes: { base: { ref: { from: 'dev' } } } },
      ],
    ),
    ['issue_comment', { action: 'created', comment, issue }],
    ['pull_request_review_comment', { action: 'created', comment, pull_request: pull }],
    [
      'pull_request_review',
      { action: 'submitted', review: { id: 1, body: '/cupel review' }, pull_request: pull },
    ],
    [
      'pull_request_review_thread',
      { action: 'resolved', thread: { comments: [comment] }, sender: person, pull_request: pull },
    ],
    ['check_run', { action: 'rerequested', check_run }],
    ['installation', { action: 'deleted' }],
    ['installation_repositories', { action: 'removed', repositories_removed: [{ id: 9 }] }],
  ]
  const oddities: unknown[] = [
    [undefined, null, '', 'x', 0, -1, 1.5, 2 ** 53, NaN, true, [], {}, [null], 'a'.repeat(100_000)],
    ['../..', '__proto__', '\u0000', '\ud800', '2026-13-45T99:99:99Z', 'g'.repeat(40)],
    [JSON.parse('{"__proto__":{"id":5}}')],
  ].flat()
  const odd = fc.oneof(fc.constantFrom(...oddities), fc.jsonValue())
  const change = fc.record({ at: fc.nat(), value: odd, drop: fc.boolean() })

  function places(value: unknown): [Record<string, unknown>, string][] {
    if (typeof value !== 'object' || value === null) return []
    const record = value as Record<string, unknown>
    return Object.keys(record).flatMap(key => [[record, key], ...places(record[key])])
  }

  function changed(
    payload: object,
    changes: readonly { at: number; value: unknown; drop: boolean }[],
  ): unknown {
    const copy = structuredClone(payload)
    for (const { at, value, drop } of changes) {
      const found = places(copy)
      const [record, key] = found[at % found.length] ?? [{}, '']
      if (drop) delete record[key]
      // A copy: one put into another would change the oddities for the runs to come.
      else record[key] = structuredClone(value)
    }
    return copy
  }

  it.each(whole.map(([name, payload]): [string, string, object] => [name, JSON.stringify(payload), payload]))(
    '%s %s is never more than it says, and never throws',
    (name, _, payload) => {
      const given = { ...scope, ...payload }
      expect(decide(name, payload)[0]?.kind).not.toBe('unreadable')
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
          const intents = decideEvent({ name, deliveryId: 'd-1', payload: changed(given, changes) }, app)
          expect(intents.length).toBeGreaterThan(0)
          for (const intent of intents) {
            if (intent.kind === 'unreadable') expect(intent.why.length).toBeLessThanOrEqual(300)
            if ('ref' in intent) {
              expect(`${intent.ref.owner}/${intent.ref.repo}`).toMatch(/^[\w.-]+(\[bot\])?\/[\w.-]+$/)
              for (const id of [intent.ref.installationId, intent.ref.repositoryId, intent.ref.number])
                expect(Number.isSafeInteger(id) && id > 0).toBe(true)
            }
            if ('headSha' in intent) expect(intent.headSha).toMatch(/^([0-9a-f]{40}|[0-9a-f]{64})$/)
            if ('updatedAt' in intent) expect(intent.updatedAt.getTime()).not.toBeNaN()
            if (intent.kind === 'forget') expect(intent.repositoryIds).not.toEqual([])
          }
        }),
        { numRuns: 300 },
      )
    },
  )
})
