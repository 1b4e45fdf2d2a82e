import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { analyserNames } from '../../../src/core/configuration.ts'
import { startAnalysers } from '../../../src/adapters/analysers/host.ts'
import { rules } from '../../../src/adapters/analysers/rules/table.ts'
import { cases } from './cases.ts'
import { toolCases } from './tool-cases.ts'

const analysers = startAnalysers()
afterAll(() => analysers.close())
const all = [...cases, ...toolCases]

function file(path: string, contents: string) {
  return { path, contents, changedLines: contents.split('\n').map((_line, index) => index + 1) }
}

/** Every case in two requests: paths are numbered so that they do not meet. */
async function sources(which: 2 | 3): Promise<Map<number, string[]>> {
  const files = all.map((each, index) =>
    file(
      each[1].startsWith('.github/') ? `.github/workflows/${index}.yml` : `${index}/${each[1]}`,
      each[which],
    ),
  )
  const reports = await analysers.analyse(analyserNames, files, {
    deadlineMs: 100_000,
    signal: new AbortController().signal,
  })
  for (const report of reports) expect(report).toMatchObject({ outcome: 'ok' })
  const found = new Map<number, string[]>()
  for (const finding of reports.flatMap(report => report.findings)) {
    const index = Number(/(\d+)/.exec(finding.path)?.[1])
    found.set(index, [...(found.get(index) ?? []), finding.source])
  }
  return found
}
let defects: Map<number, string[]>
let nearMisses: Map<number, string[]>
// Long deadlines: the machine may be busy with other tests.
beforeAll(async () => {
  defects = await sources(2)
  nearMisses = await sources(3)
}, 210_000)

describe('analyser rules', () => {
  it.each(all.map((each, index) => [each[0], each[1], index] as const))(
    '%s finds its defect in %s and leaves the near miss alone',
    (rule, _path, index) => {
      expect(defects.get(index) ?? []).toContain(rule)
      expect(nearMisses.get(index) ?? []).not.toContain(rule)
    },
  )

  it('has a case for every rule of our own', () => {
    const own = rules.map(rule => rule.id).filter(id => !/^(ruff|oxlint)\//.test(id))
    expect(own.filter(id => !cases.some(each => each[0] === id))).toEqual([])
  })
})
