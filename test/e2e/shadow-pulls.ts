import { plantedReviewer, type PlantedDefect } from '../../sandbox/models/reviewers.ts'
import type { Prompt, Reply } from '../../sandbox/models/reply.ts'
import { lines } from './samples.ts'

/** What reviewers may say: at the line that holds the marker. Whether it is true, people say. */
const claims = {
  pay: claim(
    'src/pay.ts',
    'transfer(cents)',
    'Negative amounts are paid out',
    'Nothing checks that the amount is positive.',
  ),
  log: claim('src/log.ts', 'write(line)', 'The log is never closed', 'The writer keeps its file open.'),
  sum: claim(
    'src/sum.ts',
    'a + b | 0',
    'Fractions are cut off',
    'The bitwise or cuts fractions off, so the sum is wrong.',
  ),
  date: claim(
    'src/date.ts',
    'Date.parse(text)',
    'The time zone is lost',
    'Texts without a zone are read as local time.',
  ),
  mean: claim('src/ledger.ts', 'total / count', 'Division by zero', 'An empty ledger has a count of zero.'),
  first: claim(
    'src/ledger.ts',
    'items.at(0)',
    'The first item may be missing',
    'An empty list has no item at zero.',
  ),
  cache: claim(
    'src/cache.ts',
    'cache.set(key',
    'The cache grows without limit',
    'Entries are never evicted.',
  ),
  lock: claim('src/lock.ts', 'lock.take()', 'The lock is not released on error', 'A throw leaves it taken.'),
  retry: claim('src/retry.ts', 'while (true)', 'It retries forever', 'Nothing limits the attempts.'),
  mail: claim(
    'src/mail.ts',
    'send(to)',
    'Addresses keep their spaces',
    'A space before the address bounces.',
    'export const mail = (to: string) => send(to.trim())',
  ),
  greet: claim('src/greet.ts', 'user.name!', 'The name may be missing', 'Guests have no name.'),
  tax: claim(
    'src/tax.ts',
    'rate * 100',
    'The tax is a hundred times too high',
    'The rate is a percentage already.',
  ),
} as const
type Claim = keyof typeof claims

/** By model: production's, that of the experiment that finds nearly everything, and of the one that finds little. */
export const models = { production: 'gpt-6.1-terra', keen: 'gpt-6-luna', shy: 'gpt-6.1-sol' } as const

const says: Record<keyof typeof models, Claim[]> = {
  production: ['pay', 'log', 'date', 'mean', 'first', 'cache', 'lock', 'retry', 'mail', 'greet', 'tax'],
  keen: ['pay', 'sum', 'date', 'mean', 'first', 'cache', 'retry', 'mail', 'tax'],
  shy: ['log', 'mean'],
}
const reviewers = {
  production: reviewer(says.production, ''),
  keen: reviewer(says.keen, ' Somebody should look at this.'),
  shy: reviewer(says.shy, ' This looks odd.'),
}

/** Answers as the reviewer whose model was asked; the shy one answers garbage to what it reads of mail. */
export function answer(prompt: Prompt): Reply {
  if (prompt.model === models.keen) return reviewers.keen(prompt)
  if (prompt.model !== models.shy) return reviewers.production(prompt)
  return prompt.user.includes(claims.mail.marker)
    ? { kind: 'text', text: 'I could not find the time.' }
    : reviewers.shy(prompt)
}

export const pullNames = ['orders', 'stock', 'mail', 'lesson'] as const
export type PullName = (typeof pullNames)[number]

const ledger = Array.from({ length: 40 }, (_, index) => `export const entry${index + 1} = ${index + 1}`)

/** A hunk per file, but for the ledger's two. */
export const pulls: Record<PullName, { base?: Record<string, string>; files: Record<string, string> }> = {
  orders: {
    files: {
      'src/pay.ts': lines('export const pay = (cents: number) => transfer(cents)'),
      'src/log.ts': lines('export const log = (line: string) => write(line)'),
      'src/sum.ts': lines('export const sum = (a: number, b: number) => a + b | 0'),
      'src/date.ts': lines('export const day = (text: string) => Date.parse(text)'),
    },
  },
  stock: {
    base: { 'src/ledger.ts': lines(...ledger) },
    files: {
      'src/ledger.ts': lines(
        ...ledger.with(2, 'export const mean = total / count').with(35, 'export const first = items.at(0)'),
      ),
      'src/cache.ts': lines('export const keep = (key: string) => cache.set(key, 1)'),
      'src/lock.ts': lines('export const enter = () => lock.take()'),
      'src/retry.ts': lines('export const retry = () => { while (true) attempt() }'),
    },
  },
  mail: {
    files: {
      'src/mail.ts': lines('export const mail = (to: string) => send(to)'),
      'src/greet.ts': lines('export const greet = (user: User) => `Hello ${user.name!}`'),
    },
  },
  lesson: { files: { 'src/tax.ts': lines('export const tax = (rate: number) => rate * 100') } },
}

/** What each pull request's author pushes after its review. */
export const pushes: Partial<Record<PullName, Record<string, string>>> = {
  orders: { 'src/sum.ts': lines('export const sum = (a: number, b: number) => a + b') },
  stock: { 'src/cache.ts': lines('export const keep = (key: string) => recent.set(key, 1)') },
  mail: { 'src/mail.ts': lines('export const mail = (to: string) => send(to.trim())') },
}

function claim(
  path: string,
  marker: string,
  title: string,
  body: string,
  suggestion?: string,
): PlantedDefect {
  return {
    path,
    marker,
    finding: { severity: 'medium', category: 'correctness', title, body, ...(suggestion && { suggestion }) },
  }
}

function reviewer(names: readonly Claim[], added: string): (prompt: Prompt) => Reply {
  const defects = names.map(name => {
    const { finding, ...at } = claims[name]
    return { ...at, finding: { ...finding, body: finding.body + added } }
  })
  return plantedReviewer(defects, { tokensPerFinding: 0 })
}
