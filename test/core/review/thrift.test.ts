import { expect, it } from 'vitest'
import type { Configuration } from '../../../src/core/configuration.ts'
import { thrifty, type CheaperModels } from '../../../src/core/review/thrift.ts'
import { configurationOf, primary, secondary } from '../../support/fakes.ts'

const both: CheaperModels = { openai: 'small', anthropic: 'tiny' }
const none: CheaperModels = { openai: null, anthropic: null }
const cheap = (model: string, choice = primary) => ({
  strategy: 'primary',
  primary: { ...choice, model },
})

it.each<[string, Configuration['routing'], CheaperModels, object]>([
  ['one model', { strategy: 'primary', primary }, both, cheap('small')],
  ['two in parallel', { strategy: 'ensemble', primary, secondary }, both, cheap('small')],
  ['one with a stand-in', { strategy: 'adaptive', primary, secondary }, both, cheap('small')],
  [
    'the second, when the first has no cheaper one',
    { strategy: 'ensemble', primary, secondary },
    { ...both, openai: null },
    cheap('tiny', secondary),
  ],
  ['analysers only, when there is none', { strategy: 'secondary', secondary }, none, { strategy: 'none' }],
])('near a limit: %s', (_what, routing, cheaper, spared) => {
  const technique = { ...configurationOf().technique, selfCheck: true }
  const found = thrifty(configurationOf({ routing, technique }), cheaper)
  expect(found?.configuration.routing).toEqual(spared)
  expect(found?.configuration.technique.selfCheck).toBe(false)
  expect(found?.forgone).toMatchObject({ outcome: 'skipped', fault: 'budget-exhausted' })
})

it.each<[string, Configuration]>([
  ['asks no model', configurationOf({ routing: { strategy: 'none' } })],
  [
    'asks the cheaper model already',
    configurationOf({
      routing: { strategy: 'primary', primary: { ...primary, model: 'small' } },
      technique: { pass: 'single-pass', analysersFirst: false, selfCheck: false },
    }),
  ],
])('a configuration that %s stays as it is', (_what, configuration) => {
  expect(thrifty(configuration, both)).toBeNull()
})
