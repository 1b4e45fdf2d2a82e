import { z } from 'zod'
import { describeIssue } from '../yaml-issues.ts'
import { breachKinds } from './evidence.ts'

const count = z.int().min(0).max(1_000_000)
const hits = z.strictObject({
  tp: count.default(0),
  fp: count.default(0),
  fn: count.default(0),
  tn: count.default(0),
})
const moment = z.iso.datetime({ offset: true }).transform(text => Date.parse(text))
const name = z.string().min(1).max(200)
const run = {
  state: z.enum(['done', 'degraded', 'failed', 'unmeasured']),
  latencyMs: z.number().min(0).nullable().default(null),
  breach: z.enum(breachKinds).nullable().default(null),
}

/** One JSON line of `cupel gate decide --stream`; docs/gate.md describes each. */
const lineSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('trial'),
    name: name.optional(),
    position: z.int().min(1).default(1),
    promotions: count.default(0),
  }),
  z.strictObject({ kind: z.literal('run'), at: moment.optional(), ...run }),
  z.strictObject({
    kind: z.literal('label'),
    at: moment.optional(),
    pullRequest: name,
    source: z.enum(['audited', 'volunteered']),
    issue: z.boolean(),
    own: z.boolean(),
    production: z.boolean(),
    author: name.optional(),
    groups: z.array(name).max(20).default([]),
  }),
  z.strictObject({
    kind: z.literal('pull-request'),
    at: moment.optional(),
    id: name.optional(),
    audited: z.strictObject({ ...hits.shape, unanswered: count.default(0) }).optional(),
    production: hits.optional(),
    volunteered: z.strictObject({ right: count.default(0), wrong: count.default(0) }).optional(),
    authors: z.record(name, count).default({}),
    groups: z.record(name, z.strictObject({ own: hits, production: hits })).default({}),
    run: z.strictObject(run).optional(),
  }),
  z.strictObject({
    kind: z.literal('sampler'),
    offered: count,
    taken: count,
    rate: z.number().min(0).max(1),
  }),
])
export type StreamLine = z.output<typeof lineSchema>

/** A line, or what is wrong with it and how to correct it, without its number. */
export function readLine(text: string): StreamLine | { wrong: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { wrong: `not JSON (${(error as Error).message}); write one JSON object on each line` }
  }
  const read = lineSchema.safeParse(value)
  if (read.success) {
    const line = read.data
    if (line.kind === 'sampler' && line.taken > line.offered)
      return { wrong: 'taken: more than was offered; write how many of the offered were taken' }
    return line
  }
  const [first] = read.error.issues.flatMap(issue => describeIssue(issue, value, lineSchema))
  if (first === undefined) return { wrong: 'not a line; see docs/gate.md' }
  const path = first.path.map(String).join('.')
  const cure = path === 'at' ? 'write a time such as 2026-01-31T12:00:00Z' : first.cure
  return { wrong: `${path === '' ? '' : `${path}: `}${first.message}; ${cure}` }
}
