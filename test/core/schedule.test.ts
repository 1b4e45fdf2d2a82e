import { describe, expect, it } from 'vitest'
import { defaultConfiguration } from '../../src/core/repository-configuration.ts'
import { planReview, type ReviewTrigger, shouldReview } from '../../src/core/schedule.ts'

const now = new Date('2026-11-01T10:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms)

describe('when a review begins', () => {
  it.each([
    ['the first event', null, 0],
    ['the push that was planned, taken again', ago(0), 0],
    ['a push 1 ms after the last began', ago(1), 29_999],
    ['a push 10 s after the last began', ago(10_000), 20_000],
    ['a push 29.999 s after', ago(29_999), 1],
    ['a push 30 s after', ago(30_000), 0],
    ['a push a day after', ago(86_400_000), 0],
    ['a push while one is planned in 12 s', ago(-12_000), 12_000],
    ['a clock that went back an hour', ago(-3_600_000), 30_000],
  ])('%s', (_, plannedAt, delayMs) => {
    expect(planReview({ plannedAt, now }).getTime() - now.getTime()).toBe(delayMs)
  })

  it('1,000 pushes in 60 s are at most three reviews', () => {
    const planned = new Set<number>()
    let plannedAt: Date | null = null
    for (let i = 0; i < 1000; i++) {
      plannedAt = planReview({ plannedAt, now: new Date(now.getTime() + i * 60) })
      planned.add(plannedAt.getTime())
    }
    expect(planned.size).toBeLessThanOrEqual(3)
  })
})

describe('whether a pull request is reviewed', () => {
  const push: ReviewTrigger = { kind: 'push' }
  const asked: ReviewTrigger = { kind: 'asked' }
  const labeled = (label: string): ReviewTrigger => ({ kind: 'labeled', label })
  const view = {
    state: 'open',
    draft: false,
    labels: [],
    author: { login: 'ann', id: 1, bot: false },
  } as const
  const bot = { login: 'r[bot]', id: 2, bot: true }
  const base = {
    view: { ...view, labels: [] as string[] },
    configuration: defaultConfiguration(),
    paused: false,
  }
  const off = { ...defaultConfiguration(), enabled: false }
  const all = { ...defaultConfiguration(), drafts: true, bots: true }
  const withView = (more: object) => ({ ...base, view: { ...base.view, ...more } })

  it.each([
    ['ready, by a person', base, push, 'review'],
    ['closed', withView({ state: 'closed' }), asked, 'closed'],
    ['merged', withView({ state: 'merged' }), push, 'closed'],
    ['disabled', { ...base, configuration: off }, push, 'disabled'],
    ['disabled, asked for', { ...base, configuration: off }, asked, 'disabled'],
    ['draft', withView({ draft: true }), push, 'draft'],
    ['draft, allowed', { ...withView({ draft: true }), configuration: all }, push, 'review'],
    ['draft, asked for', withView({ draft: true }), asked, 'review'],
    ['draft, forced', withView({ draft: true, labels: ['Cupel: Review'] }), push, 'review'],
    ['bot', withView({ author: bot }), push, 'bot-author'],
    ['bot, allowed', { ...withView({ author: bot }), configuration: all }, push, 'review'],
    ['bot, forced', withView({ author: bot, labels: ['cupel: review'] }), push, 'review'],
    ['skip label', withView({ labels: ['cupel: SKIP'] }), push, 'skip-label'],
    ['skip and force label', withView({ labels: ['cupel: review', 'cupel: skip'] }), push, 'skip-label'],
    ['skip label, asked for', withView({ labels: ['cupel: skip'] }), asked, 'review'],
    ['paused', { ...base, paused: true }, push, 'paused'],
    ['paused, forced', { ...withView({ labels: ['cupel: review'] }), paused: true }, push, 'paused'],
    ['paused, asked for', { ...base, paused: true }, asked, 'review'],
    [
      'labelled to force',
      withView({ draft: true, labels: ['cupel: review'] }),
      labeled('cupel: review'),
      'review',
    ],
    ['labelled with something else', withView({ labels: ['bug'] }), labeled('bug'), 'other-label'],
  ] as const)('%s', (_, facts, trigger, expected) => {
    const decision = shouldReview({ ...facts, trigger })
    expect(decision.kind === 'skip' ? decision.reason : decision.kind).toBe(expected)
    if (decision.kind === 'skip') {
      const silent = ['closed', 'other-label'].includes(decision.reason)
      expect(decision.text).toEqual(silent ? null : expect.stringMatching(/\w/))
    }
  })
})
