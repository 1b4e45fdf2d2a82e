import { afterAll, describe, expect, it } from 'vitest'
import { loadSamples, type SampleRepository } from '../../../sandbox/samples/load.ts'
import { startAnalysers } from '../../../src/adapters/analysers/host.ts'
import { rules } from '../../../src/adapters/analysers/rules/table.ts'
import { analyserNames } from '../../../src/core/configuration.ts'

const analysers = startAnalysers()
afterAll(() => analysers.close())
const samples = await loadSamples()
const pullRequests = samples.flatMap(repository =>
  repository.pullRequests.map(pull => ({ repository, pull })),
)

/** Lines that are not, or not so often, in the base: near enough to a diff for files of this size. */
function changedLines(before: string, after: string): number[] {
  const known = new Map<string, number>()
  for (const line of before.split('\n')) known.set(line, (known.get(line) ?? 0) + 1)
  return after.split('\n').flatMap((line, index) => {
    const left = known.get(line) ?? 0
    known.set(line, left - 1)
    return left > 0 ? [] : [index + 1]
  })
}

async function review(repository: SampleRepository, pull: SampleRepository['pullRequests'][number]) {
  const files = [...pull.changes].flatMap(([path, contents]) => {
    const before = repository.baseFiles.get(path)
    if (typeof contents !== 'string') return []
    return [
      { path, contents, changedLines: changedLines(typeof before === 'string' ? before : '', contents) },
    ]
  })
  const reports = await analysers.analyse(analyserNames, files, {
    deadlineMs: 20_000,
    signal: new AbortController().signal,
  })
  expect(reports.map(report => report.outcome)).toEqual(analyserNames.map(() => 'ok'))
  return reports.flatMap(report => report.findings)
}

describe('sample repositories', () => {
  it('hold at least nine pull requests, three of them clean, and 25 planted defects', () => {
    expect(samples.length).toBeGreaterThanOrEqual(4)
    expect(pullRequests.length).toBeGreaterThanOrEqual(9)
    expect(pullRequests.filter(({ pull }) => pull.clean).length).toBeGreaterThanOrEqual(3)
    expect(pullRequests.flatMap(({ pull }) => pull.planted).length).toBeGreaterThanOrEqual(25)
  })

  it('claim planted defects only by rules that are switched on', () => {
    const claimed = pullRequests.flatMap(({ pull }) => pull.planted.flatMap(defect => defect.claimedBy ?? []))
    expect(claimed.filter(id => !rules.some(rule => rule.id === id))).toEqual([])
  })

  it('carry no mark of the bundle into a file', () => {
    const texts = pullRequests.flatMap(({ pull }) => [...pull.changes.values()])
    expect(texts.filter(text => typeof text === 'string' && /[⟦⟧⟪⟫]/.test(text))).toEqual([])
  })

  it.each(pullRequests.filter(({ pull }) => pull.clean).map(each => [each.pull.branch, each] as const))(
    'say nothing on the clean pull request %s',
    async (_branch, { repository, pull }) => {
      expect(await review(repository, pull)).toEqual([])
    },
  )

  it('have at least four in five claimed defects found on the right line', async () => {
    const missed: string[] = []
    let claimed = 0
    for (const { repository, pull } of pullRequests) {
      const found = await review(repository, pull)
      for (const { path, line, claimedBy } of pull.planted) {
        if (claimedBy === null) continue
        claimed++
        if (!found.some(finding => finding.path === path && finding.lineHint === line))
          missed.push(`${path}:${line} ${claimedBy}`)
      }
    }
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(claimed * 0.2)
  })
})
