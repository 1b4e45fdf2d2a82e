import { analyserNames, type AnalyserName } from '../configuration.ts'
import { sha256 } from '../ids.ts'
import type { FileChange } from '../review/diff.ts'
import type { Snapshot } from '../review/snapshot.ts'
import { smokeTexts } from './cases.ts'

export interface SmokeDefect {
  path: string
  /** 1-based, of the head. */
  line: number
  text: string
  claimedBy: AnalyserName | 'model'
  what: string
}

export interface SmokeCase {
  name: string
  snapshot: Snapshot
  /** None: a clean pull request, in which nothing may be found. */
  defects: SmokeDefect[]
}

const mark = / ⟦([a-z-]+)\|([^⟧]+)⟧$/

/** The cases of the smoke set, in their order. */
export function smokeSet(): SmokeCase[] {
  return Object.entries(smokeTexts).map(([name, texts], index) => {
    const files = Object.entries(texts).map(([path, text]) => addedFile(path, text.trimStart()))
    return {
      name,
      defects: files.flatMap(file => file.defects),
      snapshot: {
        repository: { id: 0, owner: 'cupel', name: 'smoke' },
        pullRequest: {
          number: index + 1,
          title: `Add ${name.replaceAll('-', ' ')}`,
          body: '',
          author: 'cupel',
          baseSha: sha256('').slice(0, 40),
          headSha: sha256(name).slice(0, 40),
        },
        files: files.map(file => file.change),
        filesTruncated: false,
        contents: new Map(files.map(({ change, contents }) => [change.path, contents])),
        instructions: [],
      },
    }
  })
}

function addedFile(
  path: string,
  text: string,
): { change: FileChange; contents: string; defects: SmokeDefect[] } {
  const marked = text.replace(/\n$/, '').split('\n')
  const lines = marked.map(line => line.replace(mark, ''))
  const defects = marked.flatMap((line, index) => {
    const [, by, what = ''] = mark.exec(line) ?? []
    const claimedBy = ([...analyserNames, 'model'] as const).find(name => name === by)
    return claimedBy === undefined
      ? []
      : [{ path, line: index + 1, text: lines[index] ?? '', claimedBy, what }]
  })
  const hunk = { oldStart: 0, oldLines: 0, newStart: 1, newLines: lines.length, section: '' }
  const change: FileChange = {
    path,
    status: 'added',
    omitted: 'none',
    additions: lines.length,
    deletions: 0,
    hunks: [
      { ...hunk, lines: lines.map((line, index) => ({ kind: 'added', newLine: index + 1, text: line })) },
    ],
  }
  return { change, contents: `${lines.join('\n')}\n`, defects }
}
