import { uniform } from '../../src/core/sample.ts'
import { kinds, type Kind } from './kinds.ts'

export interface RepositoryPlan {
  owner: string
  name: string
  /** Contents by path. */
  files: Record<string, string>
}

/** A changed line that everybody here knows by its word, and the truth about it. */
export interface Place {
  /** Stands nowhere else. */
  word: string
  path: string
  text: string
  /** Null: nothing is wrong with it. */
  defect: Kind | null
}

export interface PullPlan {
  repository: RepositoryPlan
  branch: string
  title: string
  author: string
  files: Record<string, string>
  /** One a hunk. */
  places: Place[]
}

interface Language {
  extension: string
  line(name: string, expression: string): string
}

const languages: readonly Language[] = [
  { extension: 'ts', line: (name, expression) => `const ${name} = ${expression}` },
  { extension: 'py', line: (name, expression) => `${name} = ${expression}` },
  { extension: 'go', line: (name, expression) => `\t${name} := ${expression}` },
  { extension: 'java', line: (name, expression) => `    var ${name} = ${expression};` },
]

/** Every word of a planted line; what stands behind the last underscore. */
export const wordPattern = /_(q[0-9a-z]{9})\b/

const FILES = 8
const LINES = 96
/** Lines that a change may take the place of: far enough apart to be hunks of their own. */
const spots = [8, 28, 48, 68, 88] as const
const DEFECT_SHARE = 0.25
const names = ['total', 'page', 'rows', 'reply', 'balance', 'names', 'entry', 'result'] as const

/** One repository for each language, with an owner and hence an installation of its own. */
export const repositories: readonly RepositoryPlan[] = languages.map((language, index) => {
  const name = ['shop', 'reports', 'gateway', 'ledger'][index] as string
  const file = (at: number): [string, string] => [
    pathOf(language, at),
    contentsOf(Array.from({ length: LINES }, (_, line) => language.line(`value${line}`, `step(${line})`))),
  ]
  return {
    owner: `${name}-team`,
    name,
    files: Object.fromEntries(Array.from({ length: FILES }, (_, at) => file(at))),
  }
})

/**
 * The `index`-th pull request: one to four changed places in one or two files, one change in eight long. The same seed and
 * index always make the same one, whatever came before.
 */
export function plannedPull(seed: string, index: number, authors: readonly string[]): PullPlan {
  const draw = (what: string): number => uniform(seed, `pull/${index}/${what}`)
  const of = index % repositories.length
  const repository = repositories[of] as RepositoryPlan
  const language = languages[of] as Language
  const hunks = 1 + Math.floor(draw('hunks') * 4)
  const first = Math.floor(draw('file') * FILES)
  const texts = new Map<string, string[]>()
  const places = Array.from({ length: hunks }, (_, hunk): Place => {
    // The fourth place stands in a second file.
    const path = pathOf(language, (first + (hunk === 3 ? 1 : 0)) % FILES)
    const { word, text, defect } = placed(language, `${seed}/${index}/${hunk}`, draw, hunk)
    const lines = texts.get(path) ?? (repository.files[path] as string).trimEnd().split('\n')
    lines[spots[hunk] as number] = text
    texts.set(path, lines)
    return { word, path, text, defect }
  })
  if (draw('long') < 1 / 8) {
    const lines = [...texts.values()][0] as string[]
    lines.push(
      ...Array.from({ length: 60 }, (_, line) => language.line(`more${index}x${line}`, `step(${line})`)),
    )
  }
  return {
    repository,
    branch: `change-${index}`,
    title: `Change ${names[index % names.length]} (${index})`,
    author: authors[Math.floor(draw('author') * authors.length)] as string,
    files: Object.fromEntries([...texts].map(([path, lines]) => [path, contentsOf(lines)])),
    places,
  }
}

function placed(
  language: Language,
  key: string,
  draw: (what: string) => number,
  hunk: number,
): Pick<Place, 'word' | 'text' | 'defect'> {
  const kind = kinds[Math.floor(draw(`kind/${hunk}`) * kinds.length)] as Kind
  const defect = draw(`defect/${hunk}`) < DEFECT_SHARE ? kind : null
  const word = `q${Math.floor(uniform(key, 'word') * 36 ** 9)
    .toString(36)
    .padStart(9, '0')}`
  const name = `${names[Math.floor(draw(`name/${hunk}`) * names.length)]}_${word}`
  return { word, defect, text: language.line(name, defect ? kind.wrong : kind.right) }
}

function pathOf({ extension }: Language, at: number): string {
  return `src/part${at}.${extension}`
}

function contentsOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
