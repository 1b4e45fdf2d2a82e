import { describe, expect, it } from 'vitest'
import { genesisConfiguration } from '../../src/core/genesis.ts'
import { chooseRelease, drawCanary, type StandingRelease } from '../../src/core/release.ts'
import { configurationOf } from '../support/fakes.ts'

const of = (id: string, more: Partial<StandingRelease> = {}): StandingRelease => ({
  id,
  kind: 'promoted',
  step: 'full',
  share: 1,
  configurationId: id,
  configuration: configurationOf(),
  createdAt: new Date(5),
  ...more,
})
const canary = (share: number, more: Partial<StandingRelease> = {}) =>
  of('canary', { step: 'canary', share, ...more })
const unreadable = { configuration: null }
const pull = { repositoryId: 1, number: 7 }
const pulls = Array.from({ length: 4_000 }, (_, number) => ({ repositoryId: 3, number }))

describe('the release of a pull request', () => {
  it.each<[string, StandingRelease[], string, string[]]>([
    ['the newest full one', [of('b'), of('a')], 'b', []],
    ['a canary that it was drawn for', [canary(1), of('a')], 'canary', []],
    ['the full one where it was not drawn', [canary(0), of('a')], 'a', []],
    ['the full one where the canary cannot be read', [canary(1, unreadable), of('a')], 'a', ['canary']],
    ['the next full one', [of('b', unreadable), of('a')], 'a', ['b']],
    ['the shipped genesis when none can be read', [of('b', unreadable)], 'genesis', ['b']],
    ['the shipped genesis when none stands', [], 'genesis', []],
  ])('is %s', (_what, standing, id, passedOver) => {
    const choice = chooseRelease('s', pull, standing)
    expect([choice.release.id, choice.unreadable]).toEqual([id, passedOver])
  })

  it('is a review of the analysers, whatever stands', () => {
    expect(chooseRelease('s', pull, []).release.configuration).toEqual(genesisConfiguration)
  })
})

describe('the draw of a canary', () => {
  const drawn = (secret: string, id: string, share: number) =>
    pulls.filter(each => drawCanary(secret, each, { id, share })).map(each => each.number)

  it('takes its share of the pull requests, the same ones every time', () => {
    const taken = drawn('s', 'r', 0.1)
    // Six standard deviations of a binomial draw.
    expect(Math.abs(taken.length / pulls.length - 0.1)).toBeLessThan(6 * Math.sqrt(0.09 / pulls.length))
    expect(drawn('s', 'r', 0.1)).toEqual(taken)
  })

  it('only grows with the share, so that nobody is moved back by a larger one', () => {
    const larger = new Set(drawn('s', 'r', 0.3))
    expect(drawn('s', 'r', 0.1).every(number => larger.has(number))).toBe(true)
  })

  it.each([
    ['another release', drawn('s', 'q', 0.5)],
    ['another secret', drawn('t', 'r', 0.5)],
  ])('is independent of %s', (_what, other) => {
    const both = new Set(drawn('s', 'r', 0.5))
    const overlap = other.filter(number => both.has(number)).length / pulls.length
    expect(Math.abs(overlap - 0.25)).toBeLessThan(0.05)
  })
})
