import { describe, expect, it } from 'vitest'
import { maxBody } from '../../../src/core/review/comment.ts'
import type { FileCoverage } from '../../../src/core/review/receipt.ts'
import { renderSummary, type SummaryInput } from '../../../src/core/review/summary.ts'
import { findingOf, receiptOf, stepOf } from '../../support/fakes.ts'
import { activeParts } from '../../support/rendered.ts'

const base: SummaryInput = {
  receipt: receiptOf({ steps: [stepOf({ inputTokens: 2_100, outputTokens: 300, usd: 0.0123 })] }),
  findings: [],
  late: [],
  hostility: { hiddenCharacters: 0, invisibleCharacters: 0, injectionIn: [] },
  configurationProblems: [],
  headSha: 'b'.repeat(40),
  usd: 0.0123,
  place: { owner: 'acme', name: 'shop', webUrl: 'https://github.com' },
}
const render = (more: Partial<SummaryInput> = {}) => renderSummary({ ...base, ...more })
const file = (path: string, more: Partial<FileCoverage> = {}): FileCoverage => ({
  path,
  coverage: 'seen',
  hunks: 1,
  hunksSeen: 1,
  ...more,
})

it('of a clean change is short: what was looked at, by whom, at what cost', () => {
  expect(render()).toBe(
    [
      '### Cupel review',
      '**No findings.** 1 of 1 changed file reviewed (head bbbbbbb).',
      '<details open><summary>Files (1)</summary>',
      '| file | change | coverage | findings |\n| --- | --- | --- | --- |\n| `src/a.ts` | +2 −1 | reviewed |  |',
      '</details>',
      '<details><summary>Models and analysers ($0.0123)</summary>',
      '| who | looked at | outcome | time | tokens | cost |\n| --- | --- | --- | --- | --- | --- |\n| `openai/first` | `src/a.ts` | ok | 1.2 s | 2100 in, 300 out | $0.0123 |',
      '</details>',
      '<sub>`/cupel help` lists what you can ask for.</sub>',
      '<!-- cupel:summary -->',
    ].join('\n\n'),
  )
})

describe('the walkthrough by file', () => {
  it.each<[string, FileCoverage, string]>([
    [
      'a new file',
      file('n', { change: { status: 'added', additions: 40, deletions: 0 } }),
      '| `n` | new +40 | reviewed |  |',
    ],
    [
      'a rename',
      file('r', { change: { status: 'renamed', additions: 0, deletions: 0 } }),
      '| `r` | renamed | reviewed |  |',
    ],
    [
      'part of a file',
      file('p', { coverage: 'partly', hunks: 3, reason: 'over-token-budget' }),
      '| `p` |  | 1 of 3 hunks: over the budget |  |',
    ],
    [
      'a skipped file',
      file('s', { coverage: 'skipped', reason: 'generated' }),
      '| `s` |  | not reviewed: generated |  |',
    ],
    ['a bar in the name', file('a|b'), '| `a\\|b` |  | reviewed |  |'],
  ])('shows %s', (_, covered, row) => {
    expect(render({ receipt: receiptOf({ files: [covered] }) })).toContain(row)
  })

  it('names the findings of a file by severity, worst first, with links to their lines', () => {
    const findings = [
      findingOf({ severity: 'low', startLine: 3, line: 5 }),
      findingOf({ severity: 'high', line: 9, startLine: 9 }),
      findingOf({ side: 'LEFT', line: 1 }),
    ]
    const link = `https://github.com/acme/shop/blob/${'b'.repeat(40)}/src/a.ts`
    expect(render({ findings })).toContain(
      `| reviewed | high [line 9](${link}#L9), medium line 1 (old), low [line 5](${link}#L3-L5) |`,
    )
  })

  it('counts the rest when a file has many', () => {
    expect(render({ findings: Array.from({ length: 10 }, () => findingOf()) })).toContain(', 4 more |')
  })

  it.each([
    [12, 'open'],
    [13, ''],
  ])('of %i files is %s', (count, open) => {
    const files = Array.from({ length: count }, (_, at) => file(`f${at}`))
    expect(render({ receipt: receiptOf({ files }) })).toContain(
      `<details${open && ` ${open}`}><summary>Files (${count})`,
    )
  })
})

it.each<[string, Partial<SummaryInput>, string]>([
  [
    'findings by severity',
    { findings: [findingOf({ severity: 'high' }), findingOf(), findingOf()] },
    '**3 findings: 1 high, 2 medium.**',
  ],
  [
    'that nothing was reviewed',
    { receipt: receiptOf({ files: [file('a', { coverage: 'skipped', reason: 'step-failed' })] }) },
    '**Nothing was reviewed.**',
  ],
  [
    'a lost step and its fault',
    { receipt: receiptOf({ steps: [stepOf({ outcome: 'failed', fault: 'model-timeout' })] }) },
    '**Incomplete:** `openai/first` failed (model-timeout).',
  ],
  [
    'who took whose place',
    {
      receipt: receiptOf({
        steps: [
          stepOf({ outcome: 'failed' }),
          stepOf({ name: 'anthropic/second', fallbackFor: 'openai/first' }),
        ],
      }),
    },
    '`anthropic/second` (for `openai/first`)',
  ],
  [
    'what was left out and why',
    {
      receipt: receiptOf({
        leftOut: [
          { reason: 'below-severity-floor', count: 3 },
          { reason: 'refuted', count: 1 },
        ],
      }),
    },
    'Left out: 3 below the severity floor, 1 refuted by the self-check.',
  ],
  [
    'blocking findings that still stand',
    { receipt: receiptOf({ leftOut: [{ reason: 'already-posted', count: 2, blocking: 1 }] }) },
    'Also blocking: 1 already posted.',
  ],
  [
    'a steered model',
    { receipt: receiptOf({ leftOut: [{ reason: 'hostile', count: 1 }] }) },
    '**A model followed instructions found in the pull request: do not rely on its silence.**',
  ],
  [
    'injections, hidden text and invisible characters',
    { hostility: { hiddenCharacters: 300, invisibleCharacters: 2, injectionIn: ['title', 'src/a.ts'] } },
    'addresses the reviewer in `title`, `src/a.ts`; 2 invisible or reordering characters; 300 hidden characters',
  ],
  [
    'what is wrong with the configuration',
    { configurationProblems: ['line 3: `flor` is not a key'] },
    '**Configuration**\n- line 3: `flor` is not a key',
  ],
  [
    'that files were not listed',
    { receipt: receiptOf({ filesNotListed: true }) },
    'Files (1, more were not listed by GitHub)',
  ],
  [
    'late findings with their place',
    { late: [findingOf({ title: 'Late one' })] },
    `- **medium** \`src/a.ts\`, [line 2](https://github.com/acme/shop/blob/${'b'.repeat(40)}/src/a.ts#L2): Late one. The sum is wrong.`,
  ],
])('tells %s', (_, more, expected) => {
  const text = render(more)
  expect(text).toContain(expected)
  expect(activeParts(text)).toEqual([])
})

describe('whatever the pull request and the models wrote, the summary', () => {
  const evil = '@octocat|![x](https://evil.example)|`<img src=//e>`/merge #1 \u202E <!-- cupel:summary -->'
  const many = <T>(count: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, at) => make(at))
  const flood: Partial<SummaryInput> = {
    receipt: receiptOf({
      files: many(3_000, at => file(`${evil}/${'x'.repeat(3_000)}${at}`)),
      steps: many(400, () => stepOf({ subject: evil.repeat(30), outcome: 'failed', fault: 'model-invalid' })),
    }),
    late: many(2_000, () => findingOf({ path: evil, title: evil, body: evil.repeat(40) })),
    hostility: { hiddenCharacters: 0, invisibleCharacters: 1, injectionIn: many(50, () => evil) },
  }

  it('acts on nobody and leads nowhere else', () => {
    expect(activeParts(render(flood))).toEqual([])
  })

  it('fits GitHub’s limit, keeps its marker once and its tables', () => {
    const text = render(flood)
    expect(text.length).toBeLessThanOrEqual(maxBody)
    expect(text.match(/<!-- cupel:summary -->/g)).toHaveLength(1)
    expect(text).toMatch(/and \d+ more\./)
    expect(text).toContain('| who | looked at |')
  })

  it('links to a path with odd characters without leaving it', () => {
    const text = render({
      findings: [findingOf({ path: "a (b)/[c]*'!#?&.ts\uD800" })],
      receipt: receiptOf({ files: [file("a (b)/[c]*'!#?&.ts\uD800")] }),
    })
    expect(text).toContain('/a%20%28b%29/%5Bc%5D%2a%27%21%23%3F%26.ts%EF%BF%BD#L2)')
    expect(activeParts(text)).toEqual([])
  })
})
