import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { usdOf } from '../../src/adapters/models/prices.ts'
import { configurationSchema } from '../../src/core/configuration.ts'
import { readExperiment, type ExperimentChecks } from '../../src/core/experiment-file.ts'
import { partsOf, promptPart } from '../../src/core/experiment.ts'
import { genesisConfiguration } from '../../src/core/genesis.ts'
import { configurationId } from '../../src/core/ids.ts'
import { promptTemplate, promptText } from '../../src/engine/prompts.ts'

const nothing = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 }
const checks: ExperimentChecks = {
  hasPrice: choice => usdOf(choice, nothing) !== undefined,
  hasPrompt: name => {
    try {
      return promptTemplate(name) !== ''
    } catch {
      return false
    }
  },
  models: { openai: 'gpt-6.1-terra', anthropic: 'claude-sonnet-5-5', secondary: 'claude-haiku-5-5' },
}
const read = (text: string) => readExperiment(text, checks)
const model = '{ provider: openai, model: gpt-6.1-terra, maxOutputTokens: 4000 }'
const trial = (...lines: string[]) =>
  ['name: idea', 'budget_usd: 5', 'configuration:', '  base: genesis', '  change:', ...lines].join('\n')

describe('a definition that can be used', () => {
  it('stands beside its base: maps are merged, the rest is replaced', () => {
    const { definition } = read(
      trial(
        '    analysers: [oxlint]',
        '    technique: { selfCheck: true }',
        `    routing: { strategy: primary, primary: ${model} }`,
      ),
    )
    expect(definition).toEqual({
      name: 'idea',
      parent: null,
      rate: 1,
      budgetUsd: 5,
      configuration: {
        ...genesisConfiguration,
        analysers: ['oxlint'],
        technique: { ...genesisConfiguration.technique, selfCheck: true },
        routing: {
          strategy: 'primary',
          primary: { provider: 'openai', model: 'gpt-6.1-terra', maxOutputTokens: 4000 },
        },
      },
    })
  })

  it('may be written out whole', () => {
    const text = `name: whole\nrate: 0.25\nparent: abcd\nbudget_usd: 1\nconfiguration: ${JSON.stringify(genesisConfiguration)}`
    expect(read(text).definition).toEqual({
      name: 'whole',
      parent: 'abcd',
      rate: 0.25,
      budgetUsd: 1,
      configuration: genesisConfiguration,
    })
  })

  test('of two providers changes one model and keeps the rest of the routing', () => {
    const text = trial('    routing: { primary: { model: gpt-6-luna } }').replace('genesis', 'genesis-models')
    expect(read(text).definition?.configuration.routing).toMatchObject({
      strategy: 'adaptive',
      primary: { model: 'gpt-6-luna', maxOutputTokens: 4000 },
      secondary: { model: 'claude-sonnet-5-5' },
    })
  })

  it('ships: the secondary model per file', () => {
    const text = readFileSync(new URL('../../experiments/secondary.yml', import.meta.url), 'utf8')
    const { definition } = read(text)
    expect(definition?.configuration).toMatchObject({
      routing: { strategy: 'secondary', secondary: { model: 'claude-haiku-5-5' } },
      technique: { pass: 'per-file' },
    })
    expect(configurationSchema.safeParse(definition?.configuration).success).toBe(true)
  })
})

test('the example of docs/experiments.md is one that can be used', () => {
  const page = readFileSync(new URL('../../docs/experiments.md', import.meta.url), 'utf8')
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const { definition, problems } = read(example)
  expect(problems).toEqual([])
  expect(definition).toMatchObject({
    parent: '3f2a90c1',
    rate: 0.5,
    configuration: {
      technique: { pass: 'per-file', selfCheck: true },
      routing: { strategy: 'adaptive', primary: { model: 'gpt-6.1-sol', maxOutputTokens: 4000 } },
    },
  })
})

describe('a definition that cannot', () => {
  it.each([
    ['', 1, 1, '', 'keys and values', 'name: my idea'],
    ['- name: x', 1, 1, '', 'keys and values', 'name: my idea'],
    ['name: &a x', 1, 7, '', 'anchors', 'write the value out'],
    ['name: x\nname: y', 2, 1, '', 'twice', 'keep one'],
    [
      trial('    tecnique: { pass: per-file }'),
      6,
      5,
      'configuration.change.tecnique',
      'unknown key',
      'did you mean `technique`?',
    ],
    [
      trial('    technique: { pas: per-file }'),
      6,
      18,
      'configuration.change.technique.pas',
      'unknown key',
      'did you mean `pass`?',
    ],
    [
      trial('    technique: { pass: perfile }'),
      6,
      18,
      'configuration.change.technique.pass',
      'allowed words',
      'did you mean `per-file`?',
    ],
    [
      trial('    technique: { selfCheck: yes }'),
      6,
      18,
      'configuration.change.technique.selfCheck',
      'text in YAML 1.2',
      'write true',
    ],
    [
      trial('    analysers: [oxlint, eslint]'),
      6,
      25,
      'configuration.change.analysers.1',
      'allowed words',
      '`oxlint`',
    ],
    [
      trial('    limits: { parallelCalls: 0 }'),
      6,
      15,
      'configuration.change.limits.parallelCalls',
      'out of range',
      'at least 1',
    ],
    [
      trial('    limits: { parallelCalls: many }'),
      6,
      15,
      'configuration.change.limits.parallelCalls',
      'wrong type',
      'a whole number',
    ],
    [
      trial('    limits: { minConfidence: high }'),
      6,
      15,
      'configuration.change.limits.minConfidence',
      'wrong type',
      'write a number',
    ],
    [
      trial('    limits: { deadlineMs: 50000 }'),
      6,
      5,
      'configuration.change.limits.abortMs',
      'before the deadline',
      'at least 50000',
    ],
    [trial('    prompt: review@99'), 6, 5, 'configuration.change.prompt', 'no prompt review@99', 'review@1'],
    [
      trial('    routing: { strategy: both }'),
      6,
      16,
      'configuration.change.routing.strategy',
      'allowed words',
      '`ensemble`',
    ],
    [
      trial('    routing: { strategy: ensemble, primary: ' + model + ' }'),
      6,
      5,
      'configuration.change.routing.secondary',
      'missing',
      'add `secondary`',
    ],
    [
      trial('    routing: { strategy: primary, primary: ' + model + ', secondary: ' + model + ' }'),
      6,
      111,
      'configuration.change.routing.secondary',
      'unknown key',
      'known keys here: `strategy`, `primary`',
    ],
    [
      trial(
        '    routing: { strategy: primary, primary: { provider: opnai, model: x, maxOutputTokens: 4000 } }',
      ),
      6,
      46,
      'configuration.change.routing.primary.provider',
      'allowed words',
      'did you mean `openai`?',
    ],
    [
      trial(
        '    routing:',
        '      strategy: primary',
        '      primary:',
        '        { provider: openai, model: gpt-3, maxOutputTokens: 4000 }',
      ),
      9,
      29,
      'configuration.change.routing.primary.model',
      'openai/gpt-3 is not in the price table',
      'CUPEL_PRICES',
    ],
    [
      trial(
        '    routing: { strategy: primary, primary: { provider: openai, model: "__proto__", maxOutputTokens: 4000 } }',
      ),
      6,
      64,
      'configuration.change.routing.primary.model',
      'not in the price table',
      'correct the name',
    ],
    [trial('    __proto__: { a: 1 }'), 6, 5, 'configuration.change.__proto__', 'unknown key', 'known keys'],
    [
      trial('    prompt: review@1').replace('base: genesis', 'base: genisis'),
      4,
      3,
      'configuration.base',
      'allowed words',
      'did you mean `genesis`?',
    ],
    [
      trial('    prompt: review@1').replace('  base: genesis\n', ''),
      3,
      1,
      'configuration.base',
      'missing',
      'add `base`',
    ],
    [
      'name: x\nbudget_usd: 1\nconfiguration: { version: 1 }',
      3,
      1,
      'configuration.routing',
      'missing',
      'add `routing`',
    ],
    ['name: x\nbudget_usd: 1', 1, 1, 'configuration', 'missing', 'add `configuration`'],
    ['budget_usd: 1\nconfiguration: {}', 1, 1, 'name', 'missing', 'add `name`'],
    [
      trial('    prompt: review@1').replace('budget_usd: 5', 'budget_usd: 0'),
      2,
      1,
      'budget_usd',
      'not a budget',
      'US dollars',
    ],
    [
      trial('    prompt: review@1').replace('budget_usd: 5', 'budget_usd: -3'),
      2,
      1,
      'budget_usd',
      'not a budget',
      'US dollars',
    ],
    [
      trial('    prompt: review@1').replace('budget_usd: 5', 'budget_usd: 1e9'),
      2,
      1,
      'budget_usd',
      'out of range',
      'at most 100000',
    ],
    [
      trial(`    routing: { strategy: primary, primary: ${model} }`).replace(
        'budget_usd: 5',
        'budget_usd: 0.5',
      ),
      2,
      1,
      'budget_usd',
      'one run may cost 1 USD',
      'at least 1',
    ],
    [
      trial(`    routing: { strategy: primary, primary: ${model} }`, '    limits: { reviewUsd: 0 }'),
      7,
      15,
      'configuration.change.limits.reviewUsd',
      'for nothing',
      'such as 1',
    ],
    [`rate: 0\n${trial('    prompt: review@1')}`, 1, 1, 'rate', 'run on nothing', 'more than 0'],
    [`rate: 2\n${trial('    prompt: review@1')}`, 1, 1, 'rate', 'out of range', 'at most 1'],
  ])('%#: %j', (text, line, column, key, message, cure) => {
    const { definition, problems } = read(text)
    expect(definition).toBeNull()
    const problem = problems.find(one => one.key === key)
    expect(problem).toMatchObject({ line, column })
    expect(problem?.message).toContain(message)
    expect(problem?.cure).toContain(cure)
  })

  it('tells everything at once, in the order of the file', () => {
    const { problems } = read('rate: 3\nnme: x\nconfiguration: { base: genesis }')
    expect(problems.map(problem => problem.key)).toEqual(['name', 'rate', 'budget_usd', 'nme'])
  })
})

test('a part has one fingerprint wherever it turns up', () => {
  const one = partsOf(genesisConfiguration, promptText)
  const other = partsOf({ ...genesisConfiguration, analysers: ['ruff'] }, promptText)
  const same = one.filter(part => other.some(also => also.fingerprint === part.fingerprint))
  expect(same.map(part => part.name)).toEqual(['prompt', 'prompt', 'technique', 'routing', 'analyser'])
  expect(one[0]?.fingerprint).toBe(configurationId(genesisConfiguration))
})

describe('a prompt is the part that it says', () => {
  const of = (name: string, text: string): string => promptPart(name, text).fingerprint
  const known = of('review@1', 'Find bugs.\nSay where.')

  it.each([
    ['another name', 'kind@3', 'Find bugs.\nSay where.'],
    ['other white space', 'review@1', '  Find\tbugs.\r\n\n Say where. '],
    ['another case', 'review@1', 'FIND bugs. say WHERE.'],
    ['compatible characters', 'review@1', 'Ｆｉｎｄ\u00A0bugs. Say where.'],
    ['its own name in it', 'kind@3', 'kind@3 Find bugs. Say where.'],
  ])('under %s', (_what, name, text) => {
    expect(of(name, text)).toBe(known)
  })

  it.each(['Find bugs. Say why.', 'Find bugs Say where', ''])('and %j is another', text => {
    expect(of('review@1', text)).not.toBe(known)
  })
})
