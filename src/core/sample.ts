import { createHmac } from 'node:crypto'
import { defaultConfiguration, type RepositoryConfiguration } from './repository-configuration.ts'
import type { FileChange, Hunk } from './review/diff.ts'
import type { Snapshot } from './review/snapshot.ts'

/** A pull request is sampled once, at the first head that was reviewed: it is the unit of every statistic. */
export function sampleId(pull: { repositoryId: number; number: number }): string {
  return `${pull.repositoryId}/${pull.number}`
}

/** 0 <= x < 1 out of the first 48 bits of HMAC-SHA-256: reproducible by who holds the key, not to be guessed by others. */
export function uniform(key: string, text: string): number {
  return createHmac('sha256', key).update(text).digest().readUIntBE(0, 6) / 2 ** 48
}

/**
 * Whether production copies this pull request to V1, and the seed that decides there which experiments run on it.
 * `rate` is a share, 0 to 1. The secret is production's own, so that nobody outside can choose to be sampled.
 */
export function drawSample(secret: string, id: string, rate: number): { sampled: boolean; seed: string } {
  return {
    sampled: uniform(secret, `sample/${id}`) < rate,
    seed: createHmac('sha256', secret).update(`seed/${id}`).digest('hex'),
  }
}

/** Whether an experiment runs on a sample: independent between experiments. */
export function drawRun(seed: string, experimentId: string, rate: number): boolean {
  return uniform(seed, `run/${experimentId}`) < rate
}

export interface HunkPlace {
  /** Position in the sample: the audit draw names hunks by it. */
  index: number
  file: FileChange
  hunk: Hunk
}

/** The changed hunks of a sample in the order of the diff. */
export function hunksOf(snapshot: Pick<Snapshot, 'files'>): HunkPlace[] {
  return snapshot.files
    .flatMap(file => file.hunks.map(hunk => ({ file, hunk })))
    .map((each, index) => ({ ...each, index }))
}

/** Share of a repository's pull requests that may be copied: what its configuration says, and no more than `rate`. */
export function samplingRate(rate: number, wish: RepositoryConfiguration['shadow_sampling']): number {
  return typeof wish === 'number' ? Math.min(rate, wish) : wish ? rate : 0
}

/** Plain JSON of a snapshot, for a sample, with what its repository wishes of a review. */
export function snapshotJson(
  snapshot: Snapshot,
  wishes: RepositoryConfiguration = defaultConfiguration(),
): string {
  return JSON.stringify({ ...snapshot, contents: [...snapshot.contents], wishes })
}

/** The snapshot that snapshotJson wrote; it comes from our own database and is not checked again. */
export function readSnapshot(json: unknown): Snapshot {
  const { wishes: _wishes, ...stored } = json as StoredSnapshot
  return { ...stored, contents: new Map(stored.contents) }
}

/** The wishes beside it: experiments review under the same ones as production did. */
export function readWishes(json: unknown): RepositoryConfiguration {
  return (json as StoredSnapshot).wishes
}

type StoredSnapshot = Omit<Snapshot, 'contents'> & {
  contents: [string, string][]
  wishes: RepositoryConfiguration
}

const languages: readonly (readonly [string, RegExp])[] = [
  ['TypeScript', /\.[cm]?tsx?$/],
  ['JavaScript', /\.[cm]?jsx?$/],
  ['Python', /\.pyi?$/],
  ['Go', /\.go$/],
  ['Java', /\.(?:java|kt)$/],
  ['Ruby', /\.rb$/],
  ['Rust', /\.rs$/],
  ['C/C++', /\.(?:c|cc|cpp|cxx|h|hh|hpp)$/],
  ['C#', /\.cs$/],
  ['PHP', /\.php$/],
  ['Shell', /\.(?:sh|bash)$/],
  ['YAML', /\.ya?ml$/],
]

/** A bounded name, fit for a metric's label. */
export function languageOf(path: string): string {
  return languages.find(([, pattern]) => pattern.test(path))?.[0] ?? 'other'
}

/** The language with most changed lines. */
export function mainLanguage(files: readonly FileChange[]): string {
  const lines = new Map<string, number>()
  for (const file of files) {
    const name = languageOf(file.path)
    lines.set(name, (lines.get(name) ?? 0) + file.additions + file.deletions)
  }
  return [...lines].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 'other'
}
