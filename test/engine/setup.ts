import type { Configuration } from '../../src/core/configuration.ts'
import type { FileChange } from '../../src/core/review/diff.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import type { EarlierRounds } from '../../src/core/review/rounds.ts'
import { examine } from '../../src/engine/examine.ts'
import type { Examination, ExamineDeps, Preferences } from '../../src/engine/types.ts'
import {
  configurationOf,
  fakeAnalysers,
  fakeClock,
  fakeModels,
  fileOf,
  firstRound,
  preferences,
  snapshotOf,
  type Script,
} from '../support/fakes.ts'

/** What a model answers about the line `const b = 2`, which every file of `files` adds. */
export function element(more: object = {}): object {
  return {
    path: 'src/a.ts',
    side: 'RIGHT',
    quote: 'const b = 2',
    line: 2,
    severity: 'medium',
    category: 'correctness',
    confidence: 0.8,
    title: 'Wrong sum',
    body: 'The sum is wrong.',
    suggestion: null,
    ...more,
  }
}

export const answer = (...elements: object[]) => ({ findings: elements })

export function files(...paths: string[]): FileChange[] {
  return paths.map(path =>
    fileOf(path, '@@ -1,2 +1,3 @@\n const a = 1\n+const b = 2\n-const c = 3\n+const d = 4'),
  )
}

export interface Trial {
  script?: Script
  deps?: Partial<ExamineDeps>
  snapshot?: Snapshot
  configuration?: Partial<Configuration>
  limits?: Partial<Configuration['limits']>
  preferences?: Partial<Preferences>
  rounds?: EarlierRounds
  signal?: AbortSignal
  missing?: string[]
}

/** One examination with fakes; `asked` lists the models' calls. */
export async function tryOut(
  trial: Trial,
): Promise<Examination & { asked: ReturnType<typeof fakeModels>['asked'] }> {
  const models = fakeModels(trial.script ?? (async () => answer(element())), trial.missing)
  const configuration = configurationOf(trial.configuration)
  const found = await examine(
    { models, analysers: fakeAnalysers(), clock: fakeClock(), reserve: async () => true, ...trial.deps },
    trial.snapshot ?? snapshotOf(files('src/a.ts')),
    { ...configuration, limits: { ...configuration.limits, ...trial.limits } },
    { ...preferences, ...trial.preferences },
    trial.rounds ?? firstRound,
    trial.signal ?? new AbortController().signal,
  )
  return { ...found, asked: models.asked }
}

export const modelsAsked = (asked: readonly { choice: { model: string } }[]) =>
  asked.map(each => each.choice.model)
export const outcomes = (found: Pick<Examination, 'receipt'>) =>
  found.receipt.steps.map(
    step => `${step.name} ${step.subject}: ${[step.outcome, step.fault].filter(Boolean).join(' ')}`,
  )
