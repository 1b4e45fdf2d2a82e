import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parseGitDiff } from '../../../src/core/review/git-diff.ts'
import { readHeaderNames } from '../../../src/core/review/git-diff-names.ts'

const diff = (...lines: string[]): string => lines.join('\n') + '\n'
const body = ['@@ -1 +1 @@', '-a', '+b']
const zero = '0000000'

describe('names', () => {
  it.each([
    ['git prefixes', 'diff --git a/src/x.ts b/src/x.ts', '--- a/src/x.ts', '+++ b/src/x.ts', 'src/x.ts'],
    ['no prefix', 'diff --git src/x.ts src/x.ts', '--- src/x.ts', '+++ src/x.ts', 'src/x.ts'],
    ['no prefix, folder a', 'diff --git a/x a/x', '--- a/x', '+++ a/x', 'a/x'],
    ['mnemonic prefixes', 'diff --git i/a/x w/a/x', '--- i/a/x', '+++ w/a/x', 'a/x'],
    ['custom prefixes', 'diff --git old/x new/x', '--- old/x', '+++ new/x', 'x'],
    ['blanks', 'diff --git a/a b/c d b/a b/c d', '--- a/a b/c d\t', '+++ b/a b/c d\t', 'a b/c d'],
    [
      'octal escapes',
      'diff --git "a/\\303\\244.c" "b/\\303\\244.c"',
      '--- "a/\\303\\244.c"',
      '+++ "b/\\303\\244.c"',
      'ä.c',
    ],
    [
      'C escapes',
      'diff --git "a/q\\"\\t\\\\" "b/q\\"\\t\\\\"',
      '--- "a/q\\"\\t\\\\"',
      '+++ "b/q\\"\\t\\\\"',
      'q"\t\\',
    ],
  ])('reads %s', (_, header, minus, plus, path) => {
    expect(parseGitDiff(diff(header, 'index 1..2 100644', minus, plus, ...body))).toEqual([
      expect.objectContaining({ path, status: 'modified', omitted: 'none', additions: 1, deletions: 1 }),
    ])
  })

  it('reads any name back from a header that names it twice', () => {
    const name = fc.stringMatching(/^[ab /x]{1,12}$/).filter(text => !text.startsWith('/'))
    fc.assert(
      fc.property(name, text => {
        expect(readHeaderNames(`a/${text} b/${text}`)).toEqual({ old: text, new: text })
      }),
    )
  })
})

describe('what happened to the file', () => {
  it.each([
    [
      'added',
      ['new file mode 100644', `index ${zero}..1`, '--- /dev/null', '+++ b/x', '@@ -0,0 +1 @@', '+a'],
      { status: 'added', omitted: 'none', additions: 1 },
    ],
    [
      'removed',
      ['deleted file mode 100644', `index 1..${zero}`, '--- a/x', '+++ /dev/null', '@@ -1 +0,0 @@', '-a'],
      { status: 'removed', omitted: 'none', deletions: 1 },
    ],
    [
      'added empty',
      ['new file mode 100644', `index ${zero}..e69de29`],
      { status: 'added', omitted: 'empty' },
    ],
    [
      'removed empty',
      ['deleted file mode 100644', `index e69de29..${zero}`],
      { status: 'removed', omitted: 'empty' },
    ],
    ['mode only', ['old mode 100644', 'new mode 100755'], { status: 'mode-only', omitted: 'none' }],
    [
      'mode and content',
      ['old mode 100644', 'new mode 100755', 'index 1..2', '--- a/x', '+++ b/x', ...body],
      { status: 'modified', additions: 1 },
    ],
    [
      'binary',
      ['index 1..2 100644', 'Binary files a/x and b/x differ'],
      { status: 'modified', omitted: 'binary' },
    ],
    [
      'binary added',
      ['new file mode 100644', `index ${zero}..2`, 'Binary files /dev/null and b/x differ'],
      { status: 'added', omitted: 'binary' },
    ],
    [
      'binary patch',
      [
        'index 1..2 100644',
        'GIT binary patch',
        'literal 3',
        'KcmZQzU|?i',
        '',
        'literal 0',
        'HcmV?d00001',
        '',
      ],
      { status: 'modified', omitted: 'binary' },
    ],
    [
      'submodule',
      [
        'index 1..2 160000',
        '--- a/x',
        '+++ b/x',
        '@@ -1 +1 @@',
        '-Subproject commit 1',
        '+Subproject commit 2',
      ],
      { status: 'modified', omitted: 'submodule', additions: 1, deletions: 1, hunks: [] },
    ],
    [
      'symlink',
      [
        'new file mode 120000',
        `index ${zero}..2`,
        '--- /dev/null',
        '+++ b/x',
        '@@ -0,0 +1 @@',
        '+/etc/passwd',
        '\\ No newline at end of file',
      ],
      { status: 'added', omitted: 'symlink', hunks: [] },
    ],
  ])('reads %s', (_, lines, expected) => {
    const after = ['diff --git a/y b/y', 'old mode 100644', 'new mode 100755']
    const files = parseGitDiff(diff('diff --git a/x b/x', ...lines, ...after))
    expect(files).toEqual([
      expect.objectContaining({ path: 'x', ...expected }),
      expect.objectContaining({ path: 'y' }),
    ])
    expect(files[0]?.damaged).toBeUndefined()
  })

  it.each(['rename', 'copy'])('reads a %s with names no header line could be split into', kind => {
    const files = parseGitDiff(
      diff('diff --git a/a b b/c d b/e', 'similarity index 100%', `${kind} from a b`, `${kind} to c d b/e`),
    )
    expect(files).toMatchObject([
      {
        path: 'c d b/e',
        previousPath: 'a b',
        status: kind === 'copy' ? 'copied' : 'renamed',
        omitted: 'none',
      },
    ])
  })

  it('takes a change of type as one change of one path', () => {
    const files = parseGitDiff(
      diff(
        'diff --git a/x b/x',
        'deleted file mode 120000',
        `index 1..${zero}`,
        '--- a/x',
        '+++ /dev/null',
        '@@ -1 +0,0 @@',
        '-target',
        '\\ No newline at end of file',
        'diff --git a/x b/x',
        'new file mode 100644',
        `index ${zero}..2`,
        '--- /dev/null',
        '+++ b/x',
        '@@ -0,0 +1,2 @@',
        '+a',
        '+b',
      ),
    )
    expect(files).toMatchObject([
      { path: 'x', status: 'modified', omitted: 'none', additions: 2, deletions: 1 },
    ])
    expect(files[0]?.hunks).toHaveLength(1)
  })
})

describe('what is not a plain file change', () => {
  it.each(['diff --cc x', 'diff --combined x'])('reports %s as damaged and reads on', header => {
    const files = parseGitDiff(
      diff(
        header,
        'index 1,2..3',
        '--- a/x',
        '+++ b/x',
        '@@@ -1,1 -1,1 +1,2 @@@',
        '- a',
        ' -b',
        '++c',
        'diff --git a/y b/y',
        '--- a/y',
        '+++ b/y',
        ...body,
      ),
    )
    expect(files).toMatchObject([
      { path: 'x', damaged: 'a combined diff of a merge', hunks: [] },
      { path: 'y' },
    ])
    expect(files[1]?.damaged).toBeUndefined()
  })

  it('passes mail and log text over, and reads the files in it', () => {
    const files = parseGitDiff(
      diff(
        'From 1 Mon Sep 17 00:00:00 2001',
        'Subject: x',
        '--- not a header',
        '---',
        ' x | 2 +-',
        'diff --git a/x b/x',
        '--- a/x',
        '+++ b/x',
        ...body,
        '-- ',
        '2.39.5',
        '',
      ),
    )
    expect(files).toMatchObject([{ path: 'x', additions: 1, deletions: 1 }])
    expect(files[0]?.damaged).toBeUndefined()
  })

  it('reads a unified diff that git did not write', () => {
    const files = parseGitDiff(
      diff(
        '--- a/x.c\t2020-01-01 00:00:00',
        '+++ b/x.c\t2020-01-02 00:00:00',
        ...body,
        '--- /dev/null',
        '+++ b/n',
        '@@ -0,0 +1 @@',
        '+n',
      ),
    )
    expect(files).toMatchObject([
      { path: 'x.c', status: 'modified' },
      { path: 'n', status: 'added' },
    ])
  })

  it('reports an unmerged path unless its diff is there too', () => {
    const one = parseGitDiff(diff('* Unmerged path x'))
    expect(one).toMatchObject([{ path: 'x', damaged: 'a path with an unresolved merge' }])
    expect(
      parseGitDiff(diff('* Unmerged path x', 'diff --git a/x b/x', '--- a/x', '+++ b/x', ...body)),
    ).toHaveLength(1)
  })

  it('is read on after a damaged file', () => {
    const files = parseGitDiff(
      diff(
        'diff --git a/x b/x',
        '--- a/x',
        '+++ b/x',
        '@@ -1,9 +1,9 @@',
        ' a',
        'diff --git a/y b/y',
        '--- a/y',
        '+++ b/y',
        ...body,
      ),
    )
    expect(files).toMatchObject([{ path: 'x', damaged: expect.stringContaining('counts') }, { path: 'y' }])
    expect(files[0]?.hunks).toHaveLength(1)
  })

  it('says that a header at the very end lacks its hunks', () => {
    expect(parseGitDiff('diff --git a/x b/x\n--- a/x\n+++ b/x\n')[0]?.damaged).toBeDefined()
    expect(parseGitDiff('diff --git a/x b/x\n--- a/x\n')[0]?.damaged).toBeDefined()
  })
})

it('reads bytes that are not UTF-8, and keeps a byte order mark', () => {
  const bytes = Buffer.concat([
    Buffer.from('diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-'),
    Buffer.from([0xe9, 0x0a, 0x2b, 0xef, 0xbb, 0xbf, 0x61, 0x0a]),
  ])
  expect(parseGitDiff(bytes)[0]?.hunks[0]?.lines.map(line => line.text)).toEqual(['\ufffd', '\ufeffa'])
})

it('never throws, whatever the text', () => {
  const piece = fc.constantFrom(
    'diff --git a/x b/x',
    'diff --git "a/x',
    'diff --git ',
    'diff --cc x',
    '--- a/x',
    '+++ b/x',
    '--- /dev/null',
    '@@ -1 +1 @@',
    '@@ -1,3 +1,2 @@ f',
    '@@',
    '@@@ -1 -1 +1 @@@',
    '-a',
    '+b',
    ' c',
    '',
    '\\ No newline at end of file',
    'rename from "x',
    'rename to y',
    'new file mode 100644',
    'deleted file mode 120000',
    'GIT binary patch',
    '* Unmerged path ',
  )
  const text = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 25 })
  fc.assert(
    fc.property(text, fc.nat(300), (lines, cut) => {
      for (const file of parseGitDiff(lines.join('\n').slice(0, cut + 1))) {
        expect(file.path === '' ? file.damaged : 'named').toBeDefined()
      }
    }),
    { numRuns: 2000 },
  )
})
