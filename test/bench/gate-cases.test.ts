import { expect, it } from 'vitest'
import { atLeast, atMost, jsonOf, medianOf } from '../../bench/gate/cases.ts'

it('the benchmark of the gate prints cases as JSON with four keys each, and nothing beside them', () => {
  const cases = [
    atMost('a share', 0.04, 0.05, { error: 0.01, simpler: { naive: 0.6 } }),
    atLeast('power', 0.7, 0.8),
  ]
  expect(JSON.parse(jsonOf(cases))).toEqual({
    cases: [
      { case: 'a share', value: 0.04, bar: 0.05, holds: true },
      { case: 'power', value: 0.7, bar: 0.8, holds: false },
    ],
  })
})

it.each([
  ['of those that stopped', [30, 10, 20, null], 20],
  ['the horizon, where most never stopped', [10, null, null], 1000],
  ['the horizon, where none stopped', [null, null], 1000],
])('a median is %s', (_, stops, median) => {
  expect(medianOf(stops, 1000)).toBe(median)
  expect(atMost('median', medianOf(stops, 1000), 140).holds).toBe(median <= 140)
})

it.each([NaN, Infinity])('%d is refused rather than printed as null', value =>
  expect(() => jsonOf([atMost('a share', value, 0.05)])).toThrow(`a share: ${value} was measured`),
)
