import { expect, it } from 'vitest'
import type { Routing } from '../../../src/core/configuration.ts'
import type { FaultCode } from '../../../src/core/fault.ts'
import { fallsBack, modelName, routeLegs } from '../../../src/core/review/route.ts'
import { primary, secondary } from '../../support/fakes.ts'

it.each<[Routing, string[]]>([
  [{ strategy: 'none' }, []],
  [{ strategy: 'primary', primary }, ['openai/first']],
  [{ strategy: 'secondary', secondary }, ['anthropic/second']],
  [{ strategy: 'ensemble', primary, secondary }, ['openai/first', 'anthropic/second']],
  [{ strategy: 'adaptive', primary, secondary }, ['openai/first, else anthropic/second']],
])('$strategy asks %j', (routing, expected) => {
  const legs = routeLegs(routing).map(leg =>
    [leg.ask, ...(leg.fallback ? [leg.fallback] : [])].map(modelName).join(', else '),
  )
  expect(legs).toEqual(expected)
})

it.each<[FaultCode, boolean]>([
  ['model-unauthorized', true],
  ['model-refused', true],
  ['model-invalid', true],
  ['model-truncated', true],
  ['model-rate-limited', true],
  ['model-unavailable', true],
  ['model-timeout', true],
  ['model-rejected', true],
  ['budget-exhausted', false],
  ['superseded', false],
  ['bug', false],
])('after %s another model is asked: %s', (code, expected) => {
  expect(fallsBack(code)).toBe(expected)
})
