import type { Prompt, Reply } from '../sandbox/models/reply.ts'

/** Each finding of a pretended model costs about this many output tokens. */
const TOKENS_PER_FINDING = 120

export interface Shape {
  files: number
  /** Added and removed, all files together; reached to within a function's length. */
  changedLines: number
  findings: number
}

export interface MadePullRequest extends Shape {
  base: Record<string, string>
  head: Record<string, string>
}

export type Random = () => number

/** Same seed, same pull requests. (Lehmer, modulus 2^31 - 1.) */
export function randomFrom(seed: number): Random {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return (state - 1) / 2_147_483_646
  }
}

function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** 1 to 20 files, up to `most` changed lines, 0 to 6 findings: evenly spread. */
export function drawShape(random: Random, most = 1_000): Shape {
  const files = between(random, 1, 20)
  return {
    files,
    changedLines: between(random, Math.min(most, files * 10), most),
    findings: between(random, 0, 6),
  }
}

type Write = (name: string, amount: number, mark: string) => string[]

/** Plausible functions that no analyser objects to; `mark` goes where a finding shall stand. */
const languages: readonly { extension: string; comment: string; write: Write }[] = [
  {
    extension: 'ts',
    comment: '//',
    write: (name, amount, mark) => [
      `export function ${name}(orders: readonly Order[], rate: number): number {`,
      '  let total = 0',
      '  for (const order of orders) {',
      `    if (order.weight > ${amount}) total += order.price * rate${mark}`,
      `    else total += order.price + ${amount + 1}`,
      '  }',
      '  return Math.round(total * 100) / 100',
      '}',
      '',
    ],
  },
  {
    extension: 'py',
    comment: '#',
    write: (name, amount, mark) => [
      `def ${name}(orders, rate):`,
      '    total = 0',
      '    for order in orders:',
      `        if order.weight > ${amount}:`,
      `            total += order.price * rate${mark}`,
      '        else:',
      `            total += order.price + ${amount + 1}`,
      '    return round(total, 2)',
      '',
      '',
    ],
  },
  {
    extension: 'go',
    comment: '//',
    write: (name, amount, mark) => [
      `func ${name}(orders []Order, rate int) int {`,
      '\ttotal := 0',
      '\tfor _, order := range orders {',
      `\t\tif order.Weight > ${amount} {`,
      `\t\t\ttotal += order.Price * rate${mark}`,
      '\t\t} else {',
      `\t\t\ttotal += order.Price + ${amount + 1}`,
      '\t\t}',
      '\t}',
      '\treturn total',
      '}',
      '',
    ],
  },
]
const verbs = ['sum', 'ship', 'bill', 'refund', 'weigh', 'tax', 'discount', 'insure']

/** Files under `folder`: every other one is new, the rest get functions between those they had. */
export function makePullRequest(random: Random, folder: string, shape: Shape): MadePullRequest {
  const base: Record<string, string> = {}
  const head: Record<string, string> = {}
  let written = 0
  for (let file = 0; file < shape.files; file++) {
    const { extension, comment, write } = languages[between(random, 0, languages.length - 1)]!
    const path = `${folder}/${verbs[file % verbs.length]}${file}.${extension}`
    const marks = Array.from({ length: shape.findings }, (_, finding) => finding)
      .filter(finding => finding % shape.files === file)
      .map(finding => ` ${comment} case ${finding}`)
    const make = (kind: string, mark = ''): string[] =>
      write(
        `${verbs[between(random, 0, 7)]}_${kind}_${between(random, 0, 99_999)}`,
        between(random, 1, 900),
        mark,
      )
    const old = file % 2 === 0 ? [] : Array.from({ length: 4 }, () => make('old'))
    if (old.length > 0) base[path] = old.flat().join('\n')
    const fresh: string[][] = []
    while (
      written < ((file + 1) * shape.changedLines) / shape.files ||
      marks.length > 0 ||
      fresh.length === 0
    ) {
      const one = make('new', marks.shift())
      fresh.push(one)
      written += one.length
    }
    const mixed =
      old.length === 0 ? fresh : fresh.flatMap((one, at) => (at < old.length ? [old[at]!, one] : [one]))
    head[path] = [...mixed, ...old.slice(fresh.length)].flat().join('\n')
  }
  return { ...shape, base, head }
}

/** A model that finds what is marked; asked to check claims, it lets all of them stand. */
export function markedReviewer(prompt: Prompt): Reply {
  if (prompt.system.startsWith('You check claims')) {
    const ids = [...prompt.user.matchAll(/^\{"id":(\d+)/gm)].map(found => Number(found[1]))
    return {
      kind: 'json',
      value: { verdicts: ids.map(id => ({ id, holds: true, why: 'Nothing guards it.' })) },
    }
  }
  let path = ''
  const findings: object[] = []
  for (const line of prompt.user.split('\n')) {
    const header = /^file ("(?:[^"\\]|\\.)*") /.exec(line)
    if (header) path = JSON.parse(header[1]!) as string
    const marked = /^\d*\+(.* (?:\/\/|#) case \d+)$/.exec(line)
    if (marked) findings.push(finding(path, marked[1]!))
  }
  return { kind: 'json', value: { findings } }
}

function finding(path: string, quote: string): object {
  const made = {
    path,
    side: 'RIGHT',
    quote,
    line: null,
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    title: 'Heavy orders are charged at the wrong rate',
    body: '',
    suggestion: null,
  }
  const missing = TOKENS_PER_FINDING * 4 - JSON.stringify(made).length
  return {
    ...made,
    body: 'The rate is applied to the price although it was agreed by weight. '.repeat(9).slice(0, missing),
  }
}
