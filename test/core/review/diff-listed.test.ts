import { expect, it } from 'vitest'
import { listedChange } from '../../../src/core/review/diff-listed.ts'

const listed = { path: 'a', status: 'modified', additions: 0, deletions: 0, changes: 0 }
const sha = 'b'.repeat(40)

it.each([
  ['binary', { status: 'added' }, 'added', 'binary'],
  ['binary', { status: 'modified' }, 'modified', 'binary'],
  ['empty', { status: 'added', blobSha: 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391' }, 'added', 'empty'],
  ['pure rename', { status: 'renamed', previousPath: 'z' }, 'renamed', 'none'],
  ['pure copy', { status: 'copied', previousPath: 'z' }, 'copied', 'none'],
  ['mode only', { status: 'changed' }, 'mode-only', 'none'],
  ['unchanged', { status: 'unchanged' }, 'unchanged', 'none'],
  ['large', { additions: 9000, changes: 9000 }, 'modified', 'too-large'],
  [
    'large rename',
    { status: 'renamed', previousPath: 'z', deletions: 1, changes: 1 },
    'renamed',
    'too-large',
  ],
] as const)('tells a file without patch apart: %s', (_, fields, status, omitted) => {
  const change = listedChange({ ...listed, ...fields })
  expect(change).toMatchObject({ status, omitted, hunks: [] })
  expect(change.damaged).toBeUndefined()
})

it('reads the patch of a changed file', () => {
  const change = listedChange({
    ...listed,
    status: 'changed',
    additions: 1,
    deletions: 1,
    changes: 2,
    patch: '@@ -1 +1 @@\n-a\n+b',
  })
  expect(change).toMatchObject({ status: 'modified', omitted: 'none', additions: 1, deletions: 1 })
  expect(change.hunks).toHaveLength(1)
})

it('knows a submodule by its one line', () => {
  const patch = `@@ -1 +1 @@\n-Subproject commit ${sha}\n+Subproject commit ${sha.replace('b', 'c')}`
  expect(listedChange({ ...listed, additions: 1, deletions: 1, changes: 2, patch })).toMatchObject({
    omitted: 'submodule',
    hunks: [],
  })
})

it('calls a patch damaged that shows fewer lines than the listing counts', () => {
  const change = listedChange({
    ...listed,
    additions: 5,
    deletions: 1,
    changes: 6,
    patch: '@@ -1 +1 @@\n-a\n+b',
  })
  expect(change.damaged).toBe('the patch shows +1 -1 of +5 -1 lines')
  expect(change.hunks).toHaveLength(1)
})
