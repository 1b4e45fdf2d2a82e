import { expect, it, test } from 'vitest'
import { partsOf } from '../../../src/core/experiment.ts'
import { impactOf, type Neighbour } from '../../../src/core/gate/impact.ts'
import { configurationOf } from '../../support/fakes.ts'

const failed = configurationOf({
  prompt: 'review@1',
  technique: { pass: 'per-file', analysersFirst: true, selfCheck: true },
  routing: { strategy: 'primary', primary: { provider: 'openai', model: 'm', maxOutputTokens: 4_000 } },
})
const other = configurationOf({
  prompt: 'other@1',
  technique: { pass: 'single-pass', analysersFirst: false, selfCheck: false },
  routing: {
    strategy: 'secondary',
    secondary: { provider: 'anthropic', model: 'n', maxOutputTokens: 4_000 },
  },
})
const neighbour = (of: Partial<Neighbour>, configuration = failed): Neighbour => ({
  kind: 'experiment',
  id: 'e',
  state: 'active',
  parts: partsOf(configuration, () => null).map(part => part.fingerprint),
  kin: false,
  ...of,
})

test('what shares nothing is left out', () => {
  expect(
    impactOf(
      partsOf(failed, () => null),
      [neighbour({}, other)],
      false,
    ),
  ).toEqual([])
})

test('every shared part is named, and descent', () => {
  const shares = impactOf(
    partsOf(failed, () => null),
    [neighbour({ kin: true })],
    false,
  )[0]?.shares
  expect(shares).toEqual([
    'prompt review@1',
    'technique per-file',
    'routing primary',
    'model openai/m',
    'descent',
  ])
  expect(
    impactOf(
      partsOf(failed, () => null),
      [neighbour({ kin: true }, other)],
      false,
    )[0]?.shares,
  ).toEqual(['descent'])
  const sameModel = configurationOf({ ...other, routing: failed.routing })
  expect(
    impactOf(
      partsOf(failed, () => null),
      [neighbour({}, sameModel)],
      false,
    )[0]?.shares,
  ).toEqual(['routing primary', 'model openai/m'])
})

it.each<[Partial<Neighbour>, boolean, string]>([
  [{ state: 'active' }, false, 'goes on: it is judged by its own figures'],
  [{ state: 'paused' }, true, 'quarantined in the next turn if the part is blacklisted'],
  [{ state: 'promoted' }, true, 'none: its trial has ended'],
  [{ kind: 'release', state: 'full' }, true, 'stays in force under the watch'],
  [{ kind: 'release', state: 'canary' }, false, 'stays in force under the watch'],
  [{ kind: 'release', state: 'failed' }, false, 'none: it is not in force'],
])('of %j, dangerous %s: %s', (of, dangerous, action) => {
  expect(
    impactOf(
      partsOf(failed, () => null),
      [neighbour(of)],
      dangerous,
    )[0]?.action,
  ).toBe(action)
})
