import { expect, it } from 'vitest'
import { safeSuggestion } from '../../../src/core/review/sanitise-suggestion.ts'

const finding = {
  path: 'src/a.ts',
  side: 'RIGHT',
  quote: '  fetch("https://api.example/v1")',
  suggestion: '  fetch(url)',
} as const

it.each([
  ['a replacement', {}, '  fetch(url)'],
  ['CRLF becomes LF', { suggestion: 'a\r\nb\r\n' }, 'a\nb'],
  ['deletion', { suggestion: '' }, ''],
  [
    'an address that was there',
    { suggestion: '  await fetch("https://api.example/v1")' },
    '  await fetch("https://api.example/v1")',
  ],
  [
    'a decorator that was there',
    { quote: '@Get()\nfoo() {', suggestion: '@Get()\nasync foo() {' },
    '@Get()\nasync foo() {',
  ],
  ['20 lines', { suggestion: 'x\n'.repeat(20) }, 'x\n'.repeat(20).trimEnd()],
  ['a Markdown list', { path: 'README.md', quote: '- a\n- b', suggestion: '- a\n- c' }, '- a\n- c'],
  ['fences inside', { path: 'README.md', suggestion: '```\ncode\n```' }, '```\ncode\n```'],
] as const)('%s is offered', (_, more, expected) => {
  expect(safeSuggestion({ ...finding, ...more })).toBe(expected)
})

it.each([
  ['nothing suggested', { suggestion: undefined }],
  ['what is there already', { suggestion: finding.quote }],
  ['on removed lines', { side: 'LEFT' }],
  ['more than 20 lines', { suggestion: 'x\n'.repeat(21) }],
  ['for more than 20 lines', { quote: 'x\n'.repeat(21) }],
  ['a new address', { suggestion: '  fetch("https://evil.example")' }],
  ['a new bare address', { suggestion: 'open("www.evil.example")' }],
  ['a protocol-relative address', { suggestion: 'src="//evil.example/x"' }],
  ['a secret', { suggestion: 'key = "AKIAIOSFODNN7EXAMPLE"' }],
  ['a direction mark', { suggestion: 'if (admin\u202E) {' }],
  ['a zero-width space', { suggestion: 'a\u200Bb' }],
  ['half a character', { suggestion: 'a\uD800' }],
  ['a command for a bot', { suggestion: '/merge\nx' }],
  ['a mention at the start of a line', { suggestion: 'x\n@bors r+' }],
  ['a conflict marker', { suggestion: '<<<<<<< HEAD\nx' }],
  ['a hunk header', { suggestion: '@@ -1 +1 @@\nx' }],
  ['diff marks', { suggestion: '+  fetch(url)\n-  old()' }],
  ['our own marker', { suggestion: '// <!-- cupel:finding:x -->' }],
] as const)('%s is not offered', (_, more) => {
  expect(safeSuggestion({ ...finding, ...more })).toBeUndefined()
})

it.each([
  '.github/workflows/ci.yml',
  '.github/actions/x/index.js',
  'action.yml',
  'tools/action.yaml',
  'run.sh',
  'bin/setup.PS1',
  'Dockerfile',
  'docker/Dockerfile.prod',
  'app.dockerfile',
  'package-lock.json',
  'web/yarn.lock',
  'pnpm-lock.yaml',
  'Cargo.lock',
  'Gemfile.lock',
  'bun.lockb',
  'go.sum',
  'gradle.lockfile',
])('nothing is suggested for %s', path => {
  expect(safeSuggestion({ ...finding, path })).toBeUndefined()
})

it.each(['src/lock.ts', 'docs/deadlock.md', 'action.ts', 'Dockerfiles/readme.md'])(
  'something may be suggested for %s',
  path => {
    expect(safeSuggestion({ ...finding, path })).toBe('  fetch(url)')
  },
)
