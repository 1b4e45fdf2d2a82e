import { describe, expect, it } from 'vitest'
import { postReview } from '../../../jobs/production/post.ts'
import { Fault } from '../../../src/core/fault.ts'
import type { Finding } from '../../../src/core/review/finding.ts'
import type { InlineComment } from '../../../src/ports/code-host.ts'
import type { ReviewRow, StoredExamination } from '../../../src/ports/stores.ts'

const ref = { installationId: 1, repositoryId: 2, owner: 'acme', repo: 'shop', number: 7 }
const place = { owner: 'acme', name: 'shop', webUrl: 'https://github.example' }
const finding: Finding = {
  path: 'src/a.ts',
  side: 'RIGHT',
  quote: 'bad()',
  startLine: 3,
  line: 3,
  severity: 'high',
  category: 'correctness',
  confidence: 0.9,
  title: 'It fails',
  body: 'Always.',
  source: 'oxlint/bad',
  sources: ['oxlint/bad'],
  fingerprint: 'f'.repeat(32),
}
const examination: StoredExamination = {
  baseSha: 'a'.repeat(40),
  findings: [finding],
  late: [],
  unanchored: [],
  leftOut: [],
  receipt: { files: [], steps: [], leftOut: [], filesNotListed: false },
  lineDigests: {},
}
const row: ReviewRow = {
  ...ref,
  headSha: 'b'.repeat(40),
  releaseId: 'genesis',
  occasion: 'push',
  id: 'row',
  state: 'examined',
  marker: 'the-marker',
  checkId: 1,
  reviewId: null,
  createdAt: new Date(0),
  examination,
}
const lost = new Fault('github-unavailable', 'no answer', { retry: 'soon', ambiguous: true })
const down = new Fault('github-unavailable', 'refused', { retry: 'soon' })
const refused = new Fault('github-unprocessable', '422', { retry: 'never' })

/** A code host that answers posts from `answers`, in order; what it accepts, or loses the answer of, it has. */
function setup(options: { answers?: (Fault | 'lost')[]; has?: number | null; headSha?: string } = {}) {
  const posted: { body: string; comments: InlineComment[] }[] = []
  const saved: (number | null)[] = []
  const asked: string[] = []
  const answers = [...(options.answers ?? [])]
  let has = options.has ?? null
  const counted = { duplicates: 0, anchors: 0 }
  const deps = {
    reader: { headSha: async () => options.headSha ?? row.headSha },
    writer: {
      findReview: async (_ref: unknown, marker: string) => {
        asked.push(marker)
        return has === null ? null : { reviewId: has }
      },
      postReview: async (_ref: unknown, review: { body: string; comments: InlineComment[] }) => {
        posted.push(review)
        const answer = answers.shift()
        if (answer instanceof Fault) throw answer
        has = 100 + posted.length
        if (answer === 'lost') throw lost
        return { reviewId: has }
      },
    },
    reviews: {
      savePosted: async (_id: string, each: { reviewId: number | null }) => void saved.push(each.reviewId),
    },
    metrics: {
      duplicateAvoided: () => counted.duplicates++,
      anchorFailed: (count: number) => (counted.anchors += count),
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  } as unknown as Parameters<typeof postReview>[0]
  return { deps, posted, saved, asked, counted }
}

describe('posting a review', () => {
  it.each([
    [
      'a first attempt posts and does not look',
      { mayBePosted: false },
      {},
      { posts: 1, looks: 0, saved: [101] },
    ],
    [
      'a second attempt finds nothing and posts',
      { mayBePosted: true },
      {},
      { posts: 1, looks: 1, saved: [101] },
    ],
    [
      'a second attempt adopts what the first posted',
      { mayBePosted: true },
      { has: 55 },
      { posts: 0, looks: 1, saved: [55] },
    ],
    [
      'an answer that was lost is looked for',
      { mayBePosted: false },
      { answers: ['lost'] as const },
      { posts: 1, looks: 1, saved: [101] },
    ],
  ])('%s', async (_, options, world, expected) => {
    const { deps, posted, asked, saved } = setup({
      ...world,
      answers: [...('answers' in world ? world.answers : [])],
    })
    await postReview(deps, ref, row, examination, { ...options, place })
    expect({ posts: posted.length, looks: asked.length, saved }).toEqual(expected)
    expect(new Set(asked)).toEqual(asked.length > 0 ? new Set([row.marker]) : new Set())
  })

  it('that GitHub lost without a trace, or refused to take now, is left to the next attempt', async () => {
    for (const fault of [lost, down]) {
      const { deps, posted, saved } = setup({ answers: [fault] })
      await expect(postReview(deps, ref, row, examination, { mayBePosted: false, place })).rejects.toBe(fault)
      expect([posted.length, saved]).toEqual([1, []])
    }
  })

  it('whose lines GitHub refuses is posted with every finding in its body', async () => {
    const { deps, posted, saved, counted } = setup({ answers: [refused] })
    await postReview(deps, ref, row, examination, { mayBePosted: false, place })
    expect(posted.map(each => each.comments.length)).toEqual([1, 0])
    expect(posted[1]?.body).toMatch(
      /src\/a\.ts:3[\s\S]*It fails[\s\S]*cupel:finding:f{32}[\s\S]*cupel:review:the-marker/,
    )
    expect(saved).toEqual([102])
    expect(counted.anchors).toBe(1)
  })

  it('that GitHub refuses because the head moved on is superseded', async () => {
    const { deps, posted, saved } = setup({ answers: [refused], headSha: 'c'.repeat(40) })
    await expect(
      postReview(deps, ref, row, examination, { mayBePosted: false, place }),
    ).rejects.toMatchObject({ code: 'superseded' })
    expect([posted.length, saved]).toEqual([1, []])
  })

  it.each([
    ['it was posted before', { ...row, reviewId: 9 }, examination],
    ['there is nothing to say', row, { ...examination, findings: [] }],
    [
      'only minor claims have no place',
      row,
      {
        ...examination,
        findings: [],
        unanchored: [{ ...finding, severity: 'low' as const, why: 'quote-not-in-diff' as const }],
      },
    ],
  ])('does nothing when %s', async (_, given, about) => {
    const { deps, posted, asked, saved } = setup()
    await postReview(deps, ref, given, about, { mayBePosted: true, place })
    expect([posted, asked, saved]).toEqual([[], [], []])
  })

  it('posts a blocking claim that has no place in the diff', async () => {
    const { deps, posted } = setup()
    const unanchored = [{ ...finding, why: 'quote-not-in-diff' as const }]
    await postReview(
      deps,
      ref,
      row,
      { ...examination, findings: [], unanchored },
      { mayBePosted: false, place },
    )
    expect(posted.map(each => [each.comments.length, each.body.includes('It fails')])).toEqual([[0, true]])
  })
})
