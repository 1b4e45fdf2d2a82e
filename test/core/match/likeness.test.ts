import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Statement } from '../../../src/core/label.ts'
import { matching } from '../../../src/core/match/likeness.ts'

const at = (line: number, text: string, more: Partial<Statement> = {}): Statement => ({
  path: 'src/a.ts',
  side: 'RIGHT',
  startLine: line,
  line,
  text,
  ...more,
})
const race = 'Race condition: the counter is incremented without holding the mutex'
const raceToo = 'Counter incremented without the mutex, concurrent increments race and get lost'
const nothing = 'userName may be null and dereferencing it throws'
const nothingToo = 'Null dereference: user_name can be undefined here'

describe('statements about one issue', () => {
  it.each<[string, Statement[], number[][]]>([
    ['none', [], []],
    ['one', [at(3, race)], [[0]]],
    ['word for word on the same lines', [at(3, race), at(3, race)], [[0, 1]]],
    ['in other words on the same line', [at(3, race), at(3, raceToo)], [[0, 1]]],
    ['not another issue on the same line', [at(3, race), at(3, nothing)], [[0], [1]]],
    [
      'two issues in four statements',
      [at(3, race), at(3, nothing), at(3, raceToo), at(3, nothingToo)],
      [
        [0, 2],
        [1, 3],
      ],
    ],
    ['a range that holds the line', [at(3, race), at(6, raceToo, { startLine: 2 })], [[0, 1]]],
    ['not the same words on the next line', [at(3, 'Duplicate key a'), at(4, 'Duplicate key a')], [[0], [1]]],
    ['not in another file', [at(3, race), at(3, race, { path: 'src/b.ts' })], [[0], [1]]],
    ['not on the other side', [at(3, race), at(3, race, { side: 'LEFT' })], [[0], [1]]],
  ])('%s', (_name, statements, expected) => {
    expect(matching.group(statements)).toEqual(expected)
  })

  const statement = fc.record({
    line: fc.integer({ min: 1, max: 3 }),
    text: fc.constantFrom(race, raceToo, nothing, nothingToo, 'The counter may be null', '', '!'),
  })
  it('are the same in whatever order they come, and each is in one group', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (all, keys) => {
          const statements = all.map(({ line, text }) => at(line, text))
          const order = [...statements.keys()].toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0))
          const told = (groups: number[][], of: readonly Statement[]) =>
            groups
              .map(group =>
                JSON.stringify(group.map(index => `${of[index]?.line} ${of[index]?.text}`).sort()),
              )
              .sort()
          const turned = order.map(index => statements[index] as Statement)
          const groups = matching.group(statements)
          expect(groups.flat().sort((a, b) => a - b)).toEqual([...statements.keys()])
          expect(told(matching.group(turned), turned)).toEqual(told(groups, statements))
        },
      ),
    )
  })

  it('are found among more than the matcher compares at once', () => {
    const statements = Array.from({ length: 1_100 }, (_, index) =>
      at(index + 1, `Broken rule number ${index}`),
    )
    expect(matching.group([...statements, at(7, 'Rule number 6 is broken')])[6]).toEqual([6, 1_100])
  })
})

describe('the label that a finding means', () => {
  const labels = [at(3, race), at(30, nothing)]
  it.each<[string, Statement[], (number | null)[]]>([
    ['none for no finding', [], []],
    ['the likest', [at(3, raceToo), at(31, nothingToo)], [0, 1]],
    ['none when nothing is alike', [at(3, 'The button has too little contrast')], [null]],
    ['none in another file', [at(3, race, { path: 'src/b.ts' })], [null]],
    ['the same for one that repeats another on its line', [at(3, race), at(3, raceToo)], [0, 0]],
    ['none for a repetition elsewhere', [at(3, race), at(60, race)], [0, null]],
  ])('%s', (_name, findings, expected) => {
    expect(matching.to(labels)(findings)).toEqual(expected)
  })

  it('is none without labels', () => {
    expect(matching.to([])([at(3, race)])).toEqual([null])
  })
})
