import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type pg from 'pg'
import { reviews } from '../../../src/adapters/postgres/reviews.ts'
import type { Finding } from '../../../src/core/review/finding.ts'
import type { ReviewKey, Reviews, StoredExamination } from '../../../src/ports/stores.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let store: Reviews
let otherWorker: Reviews
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  store = reviews(database.pool('cupel_production', 8))
  otherWorker = reviews(database.pool('cupel_production', 8))
})
afterAll(() => database.drop())
beforeEach(() => owner.query('delete from production.code_reviews'))

function key(more: Partial<ReviewKey> = {}): ReviewKey {
  return {
    installationId: 1,
    repositoryId: 2,
    owner: 'acme',
    repo: 'shop',
    number: 3,
    headSha: 'a'.repeat(40),
    releaseId: 'genesis',
    occasion: 'push',
    ...more,
  }
}

function finding(fingerprint: string, more: Partial<Finding> = {}): Finding {
  return {
    path: 'src/a.ts',
    quote: 'return a',
    side: 'RIGHT',
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    title: 'Wrong',
    body: 'Because.',
    source: 'oxlint/no-dupe-keys',
    startLine: 4,
    line: 5,
    fingerprint,
    sources: ['oxlint/no-dupe-keys'],
    ...more,
  }
}

function examination(more: Partial<StoredExamination> = {}): StoredExamination {
  return {
    baseSha: 'b'.repeat(40),
    findings: [],
    late: [],
    unanchored: [],
    leftOut: [],
    receipt: { files: [], steps: [], leftOut: [], filesNotListed: false },
    lineDigests: {},
    ...more,
  }
}

const done = { conclusion: 'success', detail: '' }
const now = new Date('2026-01-02T03:04:05Z')

describe('open', () => {
  test('fifty workers that open one review get the same row, with one marker', async () => {
    const rows = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 ? store : otherWorker).open(key(), now)),
    )
    expect(new Set(rows.map(row => row.id)).size).toBe(1)
    expect(new Set(rows.map(row => row.marker)).size).toBe(1)
    expect(rows[0]).toEqual({
      ...key(),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      state: 'started',
      marker: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      checkId: null,
      reviewId: null,
      createdAt: now,
      examination: null,
    })
  })

  test.each<[string, Partial<ReviewKey>]>([
    ['pull request', { number: 4 }],
    ['repository', { repositoryId: 9 }],
    ['head', { headSha: 'c'.repeat(40) }],
    ['occasion', { occasion: 'command:1' }],
  ])('another %s is another review', async (_what, more) => {
    const first = await store.open(key(), now)
    const second = await store.open(key(more), now)
    expect(second.id).not.toBe(first.id)
    expect(second.marker).not.toBe(first.marker)
  })

  test.each(['skipped', 'superseded', 'failed'] as const)(
    'one that ended %s begins again with its marker',
    async state => {
      const first = await store.open(key(), now)
      await store.saveCheck(first.id, 77)
      await store.finish(first.id, state, { conclusion: 'neutral', detail: 'draft' })
      const again = await store.open(key(), new Date())
      expect(again).toMatchObject({ id: first.id, marker: first.marker, state: 'started', checkId: 77 })
      expect((await store.unfinished(2, 3, 'push')).map(row => row.id)).toEqual([first.id])
    },
  )

  test('one that is done stays done', async () => {
    const first = await store.open(key(), now)
    await store.finish(first.id, 'done', done)
    expect((await store.open(key(), now)).state).toBe('done')
    expect(await store.unfinished(2, 3, 'push')).toEqual([])
  })

  test('a release that is not there is refused', async () => {
    await expect(store.open(key({ releaseId: 'forged' }), now)).rejects.toMatchObject({ code: '23503' })
  })
})

describe('an examination', () => {
  const odd = 'a\u0000b \uD83E\uDD84 \u202E "quoted" \\ {,} \'; drop table --\n\r\t\u2028'
  const full = examination({
    findings: [
      finding('f1', { title: odd, body: odd, quote: odd, suggestion: '', path: 'dir/ü \u0000.ts' }),
      finding('f2', { side: 'LEFT', sources: ['a', 'b'] }),
    ],
    late: [finding('f3')],
    leftOut: [{ finding: finding('f4'), reason: 'below-confidence' }],
    unanchored: [
      {
        path: 'x',
        quote: odd,
        lineHint: 3,
        side: 'RIGHT',
        severity: 'low',
        category: 'security',
        confidence: 0,
        title: odd,
        body: '',
        source: 'openai/x',
        why: 'quote-not-in-diff',
      },
    ],
    receipt: {
      files: [{ path: odd, coverage: 'partly', hunks: 2, hunksSeen: 1, reason: 'too-large' }],
      steps: [
        {
          kind: 'model',
          name: 'openai/x',
          subject: '3 files',
          outcome: 'late',
          paths: [odd],
          latencyMs: 0.25,
          usd: 1e-7,
        },
      ],
      leftOut: [{ reason: 'below-confidence', count: 1 }],
      filesNotListed: true,
    },
    lineDigests: { [odd]: ['d1', 'd2'], toString: [], 'src/a.ts': ['d3'] },
  })

  test('comes back exactly as it was saved, NULs and order included', async () => {
    const { id } = await store.open(key(), now)
    await store.saveExamination(id, full)
    const row = await store.get(id)
    expect(row?.examination).toEqual(full)
    expect(row?.state).toBe('examined')
  })

  test('saved again replaces what was saved before, also when two do so at once', async () => {
    const { id } = await store.open(key(), now)
    await store.saveExamination(id, full)
    const small = examination({ findings: [finding('g1')] })
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => (n % 2 ? store : otherWorker).saveExamination(id, small)),
    )
    expect((await store.get(id))?.examination).toEqual(small)
  })

  test('with a thousand findings keeps them in order', async () => {
    const { id } = await store.open(key(), now)
    const many = examination({ findings: Array.from({ length: 1000 }, (_, n) => finding(`f${n}`)) })
    await store.saveExamination(id, many)
    expect((await store.get(id))?.examination).toEqual(many)
  })

  test('does not take back what is posted already', async () => {
    const { id } = await store.open(key(), now)
    await store.saveExamination(id, full)
    await store.savePosted(id, { reviewId: 5, comments: [] })
    await store.saveExamination(id, full)
    expect(await store.get(id)).toMatchObject({ state: 'posted', reviewId: 5 })
  })

  test('that cannot be saved whole is not saved in part', async () => {
    const { id } = await store.open(key(), now)
    const wrong = finding('f', { path: undefined as unknown as string })
    await expect(
      store.saveExamination(id, examination({ findings: [finding('ok'), wrong] })),
    ).rejects.toThrow()
    expect(await store.get(id)).toMatchObject({ state: 'started', examination: null })
  })
})

describe('what was posted', () => {
  test('is found in later rounds, oldest first, with its comments', async () => {
    const first = await store.open(key(), now)
    await store.saveExamination(
      first.id,
      examination({
        findings: [finding('f1'), finding('f2')],
        late: [finding('f3')],
        lineDigests: { a: ['1'] },
      }),
    )
    await store.savePosted(first.id, {
      reviewId: 50,
      comments: [
        { fingerprint: 'f2', commentId: 2 ** 40 },
        { fingerprint: 'f3', commentId: 9 },
        { fingerprint: 'unknown', commentId: 10 },
      ],
    })
    await store.finish(first.id, 'done', done)
    const second = await store.open(key({ headSha: 'c'.repeat(40) }), new Date(now.getTime() + 1000))
    await store.saveExamination(
      second.id,
      examination({ findings: [finding('f4')], lineDigests: { a: ['2'] } }),
    )
    await store.savePosted(second.id, { reviewId: 51, comments: [{ fingerprint: 'f4', commentId: 11 }] })

    const third = await store.open(key({ headSha: 'd'.repeat(40) }), new Date(now.getTime() + 2000))
    const rounds = await store.rounds(2, 3, third.id)
    expect(rounds).toEqual({
      // The second was posted and never ended: its comments count, its round does not.
      count: 1,
      lastReleaseId: key().releaseId,
      lineDigests: { a: ['1'] },
      posted: [
        { fingerprint: 'f1', path: 'src/a.ts', severity: 'high', commentId: null },
        { fingerprint: 'f2', path: 'src/a.ts', severity: 'high', commentId: 2 ** 40 },
        { fingerprint: 'f4', path: 'src/a.ts', severity: 'high', commentId: 11 },
      ],
    })
    await store.finish(second.id, 'done', done)
    expect(await store.rounds(2, 3, third.id)).toMatchObject({
      count: 2,
      lineDigests: { a: ['2'] },
    })
    expect((await store.rounds(2, 3, second.id)).posted.map(p => p.fingerprint)).toEqual(['f1', 'f2'])
  })

  test('twice is posted once', async () => {
    const { id } = await store.open(key(), now)
    await store.saveExamination(id, examination({ findings: [finding('f1')] }))
    const posted = { reviewId: 50, comments: [{ fingerprint: 'f1', commentId: 7 }] }
    await store.savePosted(id, posted)
    const { rows: before } = await owner.query('select posted_at from production.code_reviews')
    await store.savePosted(id, posted)
    const { rows: after } = await owner.query('select posted_at from production.code_reviews')
    expect(after).toEqual(before)
    expect(await store.get(id)).toMatchObject({ state: 'posted', reviewId: 50 })
  })

  test('after the review ended leaves it ended', async () => {
    const { id } = await store.open(key(), now)
    await store.finish(id, 'superseded', done)
    await store.savePosted(id, { reviewId: 50, comments: [] })
    expect(await store.get(id)).toMatchObject({ state: 'superseded', reviewId: 50 })
  })

  test.each<[string, Parameters<Reviews['finish']>[1]]>([
    ['skipped', 'skipped'],
    ['superseded', 'superseded'],
    ['failed', 'failed'],
  ])('a round that was %s is no round', async (_what, state) => {
    const first = await store.open(key(), now)
    await store.saveExamination(first.id, examination())
    await store.finish(first.id, state, { conclusion: 'neutral', detail: 'why\u0000' })
    expect(await store.rounds(2, 3, 'none')).toEqual({
      count: 0,
      lastReleaseId: null,
      lineDigests: {},
      posted: [],
    })
  })
})

describe('a finding', () => {
  test('is explained by the newest posted one of its fingerprint, and by one left out if none was posted', async () => {
    const first = await store.open(key(), now)
    await store.saveExamination(first.id, examination({ findings: [finding('f', { title: 'old' })] }))
    const second = await store.open(key({ headSha: 'c' }), new Date(now.getTime() + 1000))
    await store.saveExamination(
      second.id,
      examination({
        findings: [finding('f', { title: 'new' })],
        leftOut: [{ finding: finding('g'), reason: 'refuted' }],
      }),
    )
    const third = await store.open(key({ headSha: 'd' }), new Date(now.getTime() + 2000))
    await store.saveExamination(
      third.id,
      examination({ leftOut: [{ finding: finding('f', { title: 'left out' }), reason: 'already-posted' }] }),
    )
    expect(await store.findingByFingerprint(2, 3, 'f')).toEqual({
      finding: finding('f', { title: 'new' }),
      releaseId: 'genesis',
      createdAt: new Date(now.getTime() + 1000),
    })
    expect((await store.findingByFingerprint(2, 3, 'g'))?.finding).toEqual(finding('g'))
    expect(await store.findingByFingerprint(2, 4, 'f')).toBeNull()
    expect(await store.findingByFingerprint(2, 3, "'\u0000")).toBeNull()
  })
})

test.each(['', 'not-a-uuid', '\u0000', 'a'.repeat(10_000), '00000000-0000-0000-0000-000000000000'])(
  'no review has the id %j',
  async id => {
    expect(await store.get(id)).toBeNull()
  },
)
