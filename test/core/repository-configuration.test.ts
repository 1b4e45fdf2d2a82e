import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readRepositoryConfiguration } from '../../src/core/repository-configuration-read.ts'
import { jsonSchemaText } from '../../src/core/repository-configuration-schema.ts'
import { effectiveConfiguration, renderProblems } from '../../src/core/repository-configuration-text.ts'
import {
  allowedAnalysers,
  defaultConfiguration,
  repositoryConfigurationSchema,
  toPreferences,
} from '../../src/core/repository-configuration.ts'

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const full = file('test/fixtures/config/full.yml')
const wrong = file('test/fixtures/config/wrong.yml')
const read = readRepositoryConfiguration

describe('reading .github/cupel.yml', () => {
  it.each([[null], [''], ['# nothing\n'], ['---\n'], ['labels:\npaths:\n  include:\n']])(
    '%j leaves the defaults without a problem',
    text => expect(read(text)).toEqual({ preferences: defaultConfiguration(), problems: [] }),
  )

  it('reads every key', () => {
    const { preferences, problems } = read(full)
    expect(problems).toEqual([])
    expect(preferences).toMatchObject({
      enabled: false,
      drafts: true,
      bots: true,
      paths: { include: ['src/**', 'docs/*.{md,txt}'], exclude: ['src/generated/'] },
      severity_floor: 'high',
      max_comments: 5,
      language: 'pt-BR',
      labels: { skip: ['wip'], force: ['please review'] },
      shadow_sampling: false,
    })
    for (const key of Object.keys(defaultConfiguration())) expect(parse(full)).toHaveProperty(key)
  })

  it('drops only what is wrong, keeps the rest', () => {
    expect(read(wrong).preferences).toEqual({
      ...defaultConfiguration(),
      drafts: true,
      paths: { include: ['**'], exclude: ['a/**'] },
      path_instructions: [{ paths: ['a'], instructions: 'hey' }],
      analysers: { oxlint: true, ruff: true, secretlint: true, actionlint: true, 'ast-grep': true },
    })
  })

  it.each([
    [1, 1, 'enabled', 'text in YAML 1.2', 'write true'],
    [2, 1, 'max_coments', 'unknown key', 'did you mean `max_comments`?'],
    [3, 1, 'max_comments', 'out of range', 'at most 30'],
    [4, 1, 'severity_floor', 'not one of the allowed words', '`high`'],
    [8, 7, 'paths.include.0', 'extended globs', 'braces'],
    [9, 19, 'paths.exclude.1', 'wrong type', 'text'],
    [9, 22, 'paths.exclude.2', 'negated', 'exclude'],
    [12, 5, 'path_instructions.0.instructions', 'missing', 'add `instructions`'],
    [13, 16, 'path_instructions.1.paths.1', 'wrong type', 'text'],
    [15, 5, 'path_instructions.2.paths', 'wrong type', 'text'],
    [18, 3, 'analysers.oxlnt', 'unknown key', 'did you mean `oxlint`?'],
    [19, 3, 'analysers.ruff', 'wrong type', 'true or false'],
    [20, 1, '__proto__', 'unknown key', 'known keys'],
    [21, 1, 'language', 'language tag', 'BCP 47'],
  ])('reports line %i, column %i, %s: %s; %s', (line, column, key, message, cure) => {
    const problem = read(wrong).problems.find(one => one.key === key)
    expect(problem).toMatchObject({ line, column })
    expect(problem?.message).toContain(message)
    expect(problem?.cure).toContain(cure)
  })

  it('reports each of them once', () => {
    expect(read(wrong).problems).toHaveLength(14)
  })

  it.each([
    ['enabled: &x false\ndrafts: *x', 1, 10, 'anchors'],
    ['enabled: *x', 1, 10, 'anchors'],
    ['enabled: !!bool false', 1, 10, 'tags'],
    ['a: !js/function x', 1, 4, 'tags'],
    ['<<: { enabled: false }', 1, 1, 'merge keys'],
    ['%YAML 1.1\n---\nenabled: false', 1, 1, 'directives'],
    ['---\nenabled: false\n---\nenabled: true', 3, 1, 'second document'],
    ['enabled: false\nenabled: true', 2, 1, 'twice'],
    ['- enabled', 1, 1, 'keys and values'],
    ['? [a]\n: b', 1, 3, 'must be text'],
    [`enabled: ${'['.repeat(2000)}`, 1, 19, 'deeper than 10'],
    ['enabled: [', 1, 11, 'not valid YAML'],
    [`# ${'x'.repeat(65_536)}`, 1, 1, 'larger than 64 KB'],
  ])('refuses the whole of %.40j', (text, line, column, message) => {
    const { preferences, problems } = read(text)
    expect(preferences).toEqual(defaultConfiguration())
    expect(problems).toEqual([expect.objectContaining({ line, column })])
    expect(problems[0]?.message).toContain(message)
  })

  it('an alias bomb is refused before anything is built of it', () => {
    const bomb = Array.from({ length: 30 }, (_, i) => `k${i}: &a${i} [${'*a'.concat(`${i - 1},`).repeat(9)}]`)
    expect(read(bomb.join('\n')).problems[0]?.message).toContain('anchors')
  })

  it('a key named __proto__ changes nothing', () => {
    read('__proto__: { polluted: true }\nlabels: { __proto__: { polluted: true } }')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('never throws, and what it answers is always valid', () => {
    const word = fc.constantFrom(
      ...Object.keys(defaultConfiguration()),
      'include',
      'x',
      '- ',
      ': ',
      '\n',
      '  ',
      '[',
      '"',
      '&a',
      '3',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map(words => words.join('')),
        ),
        text => {
          const { preferences } = read(text)
          expect(repositoryConfigurationSchema.parse(preferences)).toEqual(preferences)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('what the engine is told', () => {
  it('excludes win over includes, instructions belong to their paths', () => {
    const preferences = toPreferences(read(full).preferences)
    expect(preferences.includes('src/a.ts')).toBe(true)
    expect(preferences.includes('src/generated/a.ts')).toBe(false)
    expect(preferences.includes('lib/a.ts')).toBe(false)
    expect(preferences.instructionsFor('src/db/a.test.ts')).toHaveLength(2)
    expect(preferences.instructionsFor('README.md')).toEqual([])
    expect(preferences).toMatchObject({
      severityFloor: 'high',
      maxComments: 5,
      language: 'pt-BR',
      analysers: true,
    })
  })

  it.each([
    ['analysers: true', ['oxlint', 'ruff', 'secretlint', 'actionlint', 'ast-grep']],
    ['analysers: false', []],
    ['analysers: { oxlint: false, ruff: false }', ['secretlint', 'actionlint', 'ast-grep']],
  ])('%s allows %j', (text, names) => {
    const { preferences } = read(text)
    expect(allowedAnalysers(preferences)).toEqual(names)
    expect(toPreferences(preferences).analysers).toBe(names.length > 0)
  })
})

describe('what people are told', () => {
  it('no problem says nothing', () => expect(renderProblems([])).toBe(''))

  it('every problem stands on a line with place and cure', () => {
    const text = renderProblems(read(wrong).problems)
    expect(text).toContain('14 entries were not used')
    expect(text).toContain('- line 2, column 1 `max_coments`: unknown key; did you mean `max_comments`?')
  })

  it('a key cannot leave its inline code or mention anybody', () => {
    const text = renderProblems(read('"`@team\\n# x <img>`": 1').problems)
    expect(text).toContain('`�@team�# x <img>�`')
  })

  it('the effective configuration reads back as itself', () => {
    const { preferences } = read(full)
    const text = effectiveConfiguration(preferences)
    const yaml = /```yaml\n([\s\S]*)```/.exec(text)?.[1] ?? ''
    expect(read(yaml)).toEqual({ preferences, problems: [] })
    expect(yaml.match(/# set by this repository/g)).toHaveLength(Object.keys(preferences).length)
    expect(effectiveConfiguration(defaultConfiguration())).not.toContain('# set')
  })

  it('instructions with a fence cannot close the fence around them', () => {
    const { preferences } = read('path_instructions: [{ paths: a, instructions: "x\\n````\\n@all" }]')
    expect(effectiveConfiguration(preferences)).toMatch(/\n`{5}yaml\n[\s\S]*`{5}$/)
  })
})

describe('the documents', () => {
  it('docs/cupel.schema.json is what scripts/write-schema.ts writes', () => {
    expect(file('docs/cupel.schema.json')).toBe(jsonSchemaText())
  })

  it('docs/configuration.md lists every key with its default', () => {
    const rows = file('docs/configuration.md').split('\n')
    const { paths, labels, ...flat } = defaultConfiguration()
    const leaves = {
      ...flat,
      'paths.include': paths.include,
      'paths.exclude': paths.exclude,
      'labels.skip': labels.skip,
      'labels.force': labels.force,
    }
    for (const [key, value] of Object.entries(leaves)) {
      const shown = typeof value === 'string' ? value : JSON.stringify(value)
      const row = rows.find(line => line.startsWith(`| \`${key}\` |`))
      expect(row, key).toContain(`| \`${shown}\` |`)
    }
  })

  it('docs/errors.md has a row for every fault code', () => {
    const codes = [...file('src/core/fault.ts').matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(match => match[1])
    const rows = [...file('docs/errors.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(match => match[1])
    expect(codes.length).toBeGreaterThan(10)
    expect(new Set(rows)).toEqual(new Set(codes))
    expect(rows).toHaveLength(codes.length)
  })
})
