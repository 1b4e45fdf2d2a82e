import { expect, it } from 'vitest'
import { run } from '../../../jobs/experiments/run.ts'
import type { ExperimentsDeps } from '../../../jobs/experiments/deps.ts'
import { defaultConfiguration } from '../../../src/core/repository-configuration.ts'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import type { RunResult } from '../../../src/ports/experiments.ts'
import { fakeClock, fakeModels, fileOf, snapshotOf } from '../../support/fakes.ts'

it.each([
  ['nothing', {}, ['a.ts', 'gen/b.ts'], ['oxlint', 'ruff', 'secretlint', 'actionlint', 'ast-grep']],
  ['some paths left out', { paths: { include: ['**'], exclude: ['gen/**'] } }, ['a.ts'], undefined],
  ['no analysers', { analysers: false }, undefined, []],
])('an experiment reviews as the repository wishes: %s', async (_, wish, paths, names) => {
  const asked: { names: readonly string[]; paths: string[] }[] = []
  const finished: RunResult[] = []
  const patch = '@@ -0,0 +1 @@\n+let a = 1'
  const deps = {
    clock: fakeClock(),
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: { runFinished: () => {}, findings: () => {} },
    models: fakeModels(async () => ({ findings: [] })),
    memoryOf: () => undefined,
    usageOf: () => undefined,
    analysers: {
      analyse: async (analysers: readonly string[], files: readonly { path: string }[]) => {
        asked.push({ names: analysers, paths: files.map(file => file.path) })
        return []
      },
      close: async () => {},
    },
    experiments: {
      get: async () => ({ id: 'e', state: 'active', configuration: genesisConfiguration, budgetUsd: 1 }),
    },
    runs: {
      sample: async () => ({
        snapshot: {
          ...snapshotOf([fileOf('a.ts', patch), fileOf('gen/b.ts', patch)]),
          contents: new Map([
            ['a.ts', 'let a = 1\n'],
            ['gen/b.ts', 'let a = 1\n'],
          ]),
        },
        wishes: { ...defaultConfiguration(), ...wish },
      }),
      claim: async () => ({ outcome: 'claimed', attempt: 1 }),
      finish: async (_job: unknown, _attempt: number, result: RunResult) => finished.push(result) > 0,
    },
    pace: { enter: async () => () => {} },
    refused: new Set(),
    dailyUsd: 1,
  } as unknown as ExperimentsDeps
  const job = { experimentId: 'e', sampleId: 's', kind: 'live' } as const
  expect(await run(deps, job, new AbortController().signal)).toBe('finished')
  expect(finished).toHaveLength(1)
  if (names !== undefined) expect([...new Set(asked.flatMap(each => each.names))]).toEqual(names)
  if (paths !== undefined) expect([...new Set(asked.flatMap(each => each.paths))].sort()).toEqual(paths)
})
