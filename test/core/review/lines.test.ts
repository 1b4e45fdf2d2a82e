import { expect, it } from 'vitest'
import { changedLines, commentable, lineText, sameHunk } from '../../../src/core/review/lines.ts'
import { parsePatch } from '../../../src/core/review/patch.ts'

const file = parsePatch('@@ -10,3 +10,4 @@\n a\n-b\n+B\n+C\n d\n@@ -30 +31,2 @@\n e\n+f')

it('lets removed and context lines be commented on LEFT, added and context lines on RIGHT', () => {
  const sides = commentable(file)
  expect([...sides.LEFT]).toEqual([10, 11, 12, 30])
  expect([...sides.RIGHT]).toEqual([10, 11, 12, 13, 31, 32])
})

it.each([
  ['RIGHT', 10, 13, true],
  ['RIGHT', 12, 12, true],
  ['RIGHT', 13, 31, false],
  ['RIGHT', 13, 10, false],
  ['RIGHT', 9, 10, false],
  ['LEFT', 10, 12, true],
  ['LEFT', 12, 13, false],
  ['LEFT', 31, 31, false],
] as const)('on %s, lines %i to %i stand in one hunk: %s', (side, start, end, expected) => {
  expect(sameHunk(file, side, start, end)).toBe(expected)
})

it('lists added lines only as changed', () => {
  expect(changedLines(file)).toEqual([11, 12, 32])
})

it('finds a line by side and number, and nothing outside the diff', () => {
  expect(lineText(file, 'LEFT', 11)).toBe('b')
  expect(lineText(file, 'RIGHT', 11)).toBe('B')
  expect(lineText(file, 'RIGHT', 14)).toBeUndefined()
  expect(lineText(file, 'LEFT', 32)).toBeUndefined()
})
