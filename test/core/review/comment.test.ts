import { describe, expect, it } from 'vitest'
import {
  fit,
  hidden,
  maxBody,
  renderComment,
  renderReviewBody,
  renderUnplaced,
} from '../../../src/core/review/comment.ts'
import { renderExplanation } from '../../../src/core/review/explanation.ts'
import type { Unanchored } from '../../../src/core/review/finding.ts'
import { findingMarker, readFindingMarker } from '../../../src/core/review/rounds.ts'
import { candidateOf, findingOf } from '../../support/fakes.ts'
import { activeParts } from '../../support/rendered.ts'

const place = { owner: 'acme', name: 'shop', webUrl: 'https://github.com' }
const options = { marker: 'r1:abc', place }
const hostile = {
  title: '@octocat fixes #1 ![x](https://evil.example) /merge',
  body: '/merge\n\n![x](https://evil.example)\n\n<!-- cupel:review:r1:abc -->\n```suggestion\nrm -rf /\n```\n@octocat',
}

describe('an inline comment', () => {
  it('says what is wrong, why, how to mend it, how sure it is and who says so', () => {
    const finding = findingOf({
      severity: 'high',
      title: 'Sum starts at one',
      body: 'Every total is one too high.',
      confidence: 0.856,
      suggestion: 'const b = 0',
      sources: ['openai/first', 'oxlint/rule'],
    })
    expect(renderComment(finding, options)).toBe(
      [
        '**High · correctness:** Sum starts at one',
        'Every total is one too high.',
        '```suggestion\nconst b = 0\n```',
        '<sub>86 % sure · by `openai/first` and `oxlint/rule` · right or wrong? 👍 or 👎 teaches Cupel · `/cupel explain` tells more</sub>',
        `${findingMarker(finding)}\n<!-- cupel:review:r1:abc -->`,
      ].join('\n\n'),
    )
  })

  it('does without a body', () => {
    expect(renderComment(findingOf({ body: ' ' }), options)).not.toContain('\n\n\n')
  })

  it('holds the suggestion in a fence that it cannot end', () => {
    const text = renderComment(findingOf({ suggestion: '```\nx\n````' }), options)
    expect(text).toContain('`````suggestion\n```\nx\n````\n`````')
  })

  it.each([
    [{ side: 'LEFT' }],
    [{ path: '.github/workflows/ci.yml' }],
    [{ suggestion: 'curl https://evil.example' }],
  ] as const)('makes no suggestion for %j', more => {
    expect(renderComment(findingOf({ suggestion: 'x', ...more }), options)).not.toContain('suggestion')
  })

  it('acts on nobody and carries its own markers only, whatever a model wrote', () => {
    const finding = findingOf({ ...hostile, fingerprint: 'a'.repeat(32), sources: ['x`@octocat`'] })
    const text = renderComment(finding, options)
    expect(activeParts(text)).toEqual([])
    expect(text.match(/<!-- cupel:/g)).toHaveLength(2)
    expect(readFindingMarker(text)?.fingerprint).toBe('a'.repeat(32))
  })

  it('stays below what GitHub takes with everything as long as it may be', () => {
    const text = renderComment(
      findingOf({ title: '`'.repeat(200), body: '//, '.repeat(1_000), suggestion: 'x '.repeat(3_000) }),
      options,
    )
    expect(text.length).toBeLessThan(maxBody / 2)
  })
})

it.each([
  ['r1', '<!-- cupel:review:r1 -->'],
  ['a-->b <x', '<!-- cupel:review:a--bx -->'],
])('the marker %j cannot end early', (marker, expected) => {
  expect(hidden(marker)).toBe(expected)
})

describe('the body of a review', () => {
  const claim = (more: Partial<Unanchored> = {}): Unanchored => ({
    ...candidateOf({ severity: 'high' }),
    why: 'quote-not-in-diff',
    ...more,
  })

  it.each([
    [[], 'No finding on a changed line.'],
    [[findingOf()], '1 finding in 1 file.'],
    [[findingOf(), findingOf(), findingOf({ path: 'b' })], '3 findings in 2 files.'],
  ])('counts %#', (findings, expected) => {
    expect(renderReviewBody({ findings, unanchored: [] }, options)).toBe(
      `${expected}\n\n<!-- cupel:review:r1:abc -->`,
    )
  })

  it('tells blocking claims that have no line, with care, and no others', () => {
    const unanchored = [claim({ title: 'Race' }), claim({ title: 'Nit', severity: 'medium' })]
    const text = renderReviewBody({ findings: [], unanchored }, options)
    expect(text).toContain('**High · correctness** in `src/a.ts`: Race\n\nThe sum is wrong.')
    expect(text).toContain('take them with care')
    expect(text).not.toContain('Nit')
  })

  it('stays short and harmless with a thousand hostile claims', () => {
    const unanchored = Array.from({ length: 1_000 }, () =>
      claim({ ...hostile, body: '//, '.repeat(1_000), path: '@octocat '.repeat(500) }),
    )
    const text = renderReviewBody({ findings: [], unanchored }, options)
    expect(text.length).toBeLessThan(maxBody)
    expect(activeParts(text)).toEqual([])
    expect(text).toMatch(/<!-- cupel:review:r1:abc -->$/)
  })

  it('holds every finding with its place when GitHub took no lines', () => {
    const findings = [
      findingOf({ title: 'One', line: 7 }),
      findingOf({ title: 'Two', side: 'LEFT', line: 9 }),
    ]
    const text = renderUnplaced({ findings, unanchored: [] }, options)
    expect(text).toContain('`src/a.ts:7`: One')
    expect(text).toContain('`src/a.ts:9` (old line): Two')
    expect(text).toContain('<!-- cupel:review:r1:abc -->')
  })

  it('stays below what GitHub takes with everything in it', () => {
    const findings = Array.from({ length: 200 }, (_, line) =>
      findingOf({ ...hostile, body: 'word '.repeat(800), line }),
    )
    const unanchored = Array.from({ length: 20 }, () => claim({ body: '//, '.repeat(1_000) }))
    const text = renderUnplaced({ findings, unanchored }, options)
    expect(text.length).toBeLessThanOrEqual(maxBody)
    expect(activeParts(text)).toEqual([])
  })
})

it('leaves whole parts out when there is no room, says so and keeps the marker', () => {
  const text = fit(['a', 'b'.repeat(500), 'c', '<!-- m -->'], 200)
  expect(text).toBe('a\n\nc\n\nShortened: there is more than GitHub takes.\n\n<!-- m -->')
})

it('explains a finding by source, release, place and confidence', () => {
  const finding = findingOf({
    sources: ['openai/first', 'oxlint/x'],
    quote: 'a || b\nc',
    startLine: 4,
    line: 5,
    confidence: 0.9,
  })
  const text = renderExplanation({ finding, releaseId: 'rel-1', createdAt: new Date('2026-03-04T05:06:07Z') })
  expect(text).toContain('Raised by `openai/first` and `oxlint/x` on 2026-03-04, release `rel-1`.')
  expect(text).toContain('- Place: `src/a.ts`, line 4-5 (new side)')
  expect(text).toContain('- Confidence 90 %, raised because sources agreed')
  expect(text).toContain('- Quoted: `a || b`')
})
