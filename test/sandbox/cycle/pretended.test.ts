import { expect, it } from 'vitest'
import { configurationWith } from '../../../sandbox/cycle/configurations.ts'
import { bar, eValue, verdictLines } from '../../../sandbox/cycle/evidence.ts'
import { maintainers, reactionTo } from '../../../sandbox/cycle/maintainers.ts'
import { plannedPull, repositories, type Place } from '../../../sandbox/cycle/pull-requests.ts'
import { answerOf, skills, type ModelName } from '../../../sandbox/cycle/reviewers.ts'
import { decide } from '../../../src/core/gate/decide.ts'
import { noGateEvidence } from '../../../src/core/gate/evidence.ts'
import { defaultThresholds } from '../../../src/core/gate/thresholds.ts'
import { configurationId } from '../../../src/core/ids.ts'

const pulls = Array.from({ length: 400 }, (_, index) => plannedPull('a seed', index, maintainers))
const places = pulls.flatMap(pull => pull.places)
const truth = new Map(places.map(place => [place.word, place]))
const truthOf = (word: string): Place | undefined => truth.get(word)
const shareOf = <T>(all: readonly T[], holds: (each: T) => boolean): number =>
  all.filter(holds).length / all.length

it('the same seed plants the same, another seed something else, and no word stands twice', () => {
  expect(plannedPull('a seed', 7, maintainers)).toEqual(pulls[7])
  expect(plannedPull('another', 7, maintainers).places).not.toEqual(pulls[7]?.places)
  expect(truth.size).toBe(places.length)
})

it('pull requests are of every repository, size and author, and a quarter of their places holds a defect', () => {
  expect(new Set(pulls.map(pull => pull.repository)).size).toBe(repositories.length)
  expect(new Set(pulls.map(pull => pull.places.length))).toEqual(new Set([1, 2, 3, 4]))
  expect(new Set(pulls.map(pull => pull.author))).toEqual(new Set(maintainers))
  expect(shareOf(places, place => place.defect !== null)).toBeCloseTo(0.25, 1)
  for (const { files, places: own } of pulls)
    for (const { path, text } of own) expect(files[path]?.split('\n')).toContain(text)
})

it.each(Object.keys(skills) as ModelName[])(
  '%s reviews as well as its skill says, and says it twice',
  model => {
    const answer = answerOf('a seed', truthOf)
    const speaksOf = ({ text }: Place): boolean => {
      const prompt = { system: '', user: `12+${text}`, model, provider: 'openai' as const }
      const reply = answer(prompt)
      expect(answer(prompt)).toEqual(reply)
      return reply.kind === 'json' && (reply.value as { findings: unknown[] }).findings.length === 1
    }
    const { recall, falseAlarms } = skills[model]
    expect(
      shareOf(
        places.filter(place => place.defect !== null),
        speaksOf,
      ),
    ).toBeCloseTo(recall, 1)
    expect(
      shareOf(
        places.filter(place => place.defect === null),
        speaksOf,
      ),
    ).toBeCloseTo(falseAlarms, 1)
  },
)

it('maintainers react to about half of what they see, and are right about it but for a few', () => {
  const said = places.flatMap(place => {
    const reaction = reactionTo('a seed', { id: 1, text: place.text }, 'ben', truthOf)
    if (reaction === null) return []
    const real = 'react' in reaction ? reaction.react === '+1' : reaction.reply.startsWith('useful')
    return [real === (place.defect !== null)]
  })
  expect(said.length / places.length).toBeCloseTo(0.5, 1)
  expect(shareOf(said, right => right)).toBeGreaterThan(0.92)
  expect(shareOf(said, right => right)).toBeLessThan(1)
})

it('three configurations differ by their model alone', () => {
  const all = (Object.keys(skills) as ModelName[]).map(configurationWith)
  expect(new Set(all.map(configurationId)).size).toBe(3)
  expect(new Set(all.map(each => JSON.stringify({ ...each, routing: null }))).size).toBe(1)
})

it('evidence is told criterion by criterion, with what is needed', () => {
  const verdict = decide(noGateEvidence, defaultThresholds, { position: 1, promotions: 0 }, 0)
  const lines = verdictLines(verdict)
  expect(lines[0]).toContain('not measured')
  expect(lines[0]).toContain('e-value 1.00 of 32.9 needed: unmeasured')
  expect(lines).toContain("number 1 in the lifetime's error budget, 0 promoted before")
})

it.each([
  [0, '░░░░░░░░░░'],
  [0.54, '█████░░░░░'],
  [1, '██████████'],
])('%d is shown as %s', (share, shown) => expect(bar(share)).toBe(shown))

it.each([
  [0, '1.00'],
  [Math.log(32.9), '32.9'],
  [Math.log(197.4), '197'],
  [Math.log(5_800_000), '5.8e+6'],
])('an e-value of e^%d is told as %s', (log, shown) => expect(eValue(log)).toBe(shown))
