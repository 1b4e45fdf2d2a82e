import { expect, test } from 'vitest'
import { auditHash, chainStart, verifyChain, type AuditRow } from '../../src/core/audit.ts'

function chain(length: number): AuditRow[] {
  const rows: AuditRow[] = []
  let previousHash = chainStart
  for (let sequence = 1; sequence <= length; sequence++) {
    const event = JSON.stringify({ n: sequence })
    const hash = auditHash(previousHash, sequence, event)
    rows.push({ sequence, previousHash, hash, event })
    previousHash = hash
  }
  return rows
}

test('a chain as it was written is intact', async () => {
  const rows = chain(5)
  const head = { sequence: 5, hash: rows[4]?.hash ?? '' }
  expect(await verifyChain(rows, [head])).toEqual({ outcome: 'intact', head })
})

test('an empty chain is intact', async () => {
  expect(await verifyChain([], [])).toEqual({ outcome: 'intact', head: { sequence: 0, hash: chainStart } })
})

test.each<[string, (rows: AuditRow[]) => AuditRow[], number, string]>([
  ['a changed event', rows => rows.map(r => (r.sequence === 3 ? { ...r, event: '{"n":9}' } : r)), 3, 'hash'],
  [
    'a changed event with its hash made anew',
    rows =>
      rows.map(r => (r.sequence === 3 ? { ...r, event: '{}', hash: auditHash(r.previousHash, 3, '{}') } : r)),
    4,
    'link',
  ],
  ['a row missing in the middle', rows => rows.filter(r => r.sequence !== 3), 3, 'row-missing'],
  ['a row missing at the start', rows => rows.slice(1), 1, 'row-missing'],
  [
    'two rows that changed places',
    rows =>
      rows.map(r => ({
        ...(rows[r.sequence === 2 ? 2 : r.sequence === 3 ? 1 : r.sequence - 1] ?? r),
        sequence: r.sequence,
      })),
    2,
    'link',
  ],
  ['a tail cut after the head was exported', rows => rows.slice(0, 4), 5, 'tail-cut'],
  [
    'a chain written anew from the start',
    () =>
      chain(6)
        .map(r => r)
        .reduce<AuditRow[]>((all, r) => {
          const previousHash = all.at(-1)?.hash ?? chainStart
          return [
            ...all,
            {
              sequence: r.sequence,
              previousHash,
              event: '{}',
              hash: auditHash(previousHash, r.sequence, '{}'),
            },
          ]
        }, []),
    5,
    'not-the-exported-row',
  ],
])('%s is named', async (_what, tamper, sequence, why) => {
  const rows = chain(5)
  const heads = [{ sequence: 5, hash: rows[4]?.hash ?? '' }]
  expect(await verifyChain(tamper(rows), heads)).toEqual({ outcome: 'broken', sequence, why })
})
