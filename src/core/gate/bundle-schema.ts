import { z } from 'zod'
import { categorySchema, severities, severitySchema } from '../review/finding.ts'
import { breachKinds } from './evidence.ts'

/** Files come from anywhere: all that is computed with has its type and bounds here. */
const count = z.int().nonnegative()
const line = z.int().positive()
const text = z.string()
const share = z.number().min(0).max(1)
const hits = { tp: count, fp: count, fn: count, tn: count }
const bySeverity = <T extends z.ZodType>(of: T) => z.partialRecord(z.enum(severities), of)

const counts = z.strictObject({
  ...hits,
  labelled: count,
  hunks: count,
  unknown: count,
  mute: count,
  findings: count,
  right: count,
  wrong: count,
  unjudged: count,
  issues: count,
  found: count,
  audited: z.strictObject({ ...hits, labelled: count, due: count, unanswered: count }),
  auditedSeverity: bySeverity(z.strictObject(hits)),
  volunteered: z.strictObject({ right: count, wrong: count }),
  severity: bySeverity(z.strictObject({ issues: count, found: count, right: count, wrong: count })),
  satisfaction: z.strictObject({ weight: z.number().nonnegative(), pleased: z.number().nonnegative() }),
  authors: z.record(text, count),
})

const outcome = {
  sequence: z.string().regex(/^\d{1,19}$/),
  sampleId: text,
  takenAt: z.number(),
  counts,
  baseline: counts,
  language: text,
  changedLines: count,
}
const run = {
  sampleId: text,
  state: z.enum(['done', 'degraded', 'failed']),
  errorCode: text.nullable(),
  latencyMs: z.number().nonnegative().nullable(),
  finishedAt: z.number(),
}

const place = { path: text, side: z.enum(['LEFT', 'RIGHT']), startLine: line, line }
const label = z.strictObject({
  id: count,
  ...place,
  // People's words on a place bear the category of the finding they are about, or of nobody's list.
  category: text.nullable(),
  severity: severitySchema.nullable(),
  value: z.enum(['real-issue', 'not-an-issue', 'clean']),
  tier: z.enum(['A', 'B', 'C']),
  kind: z.enum(['audited', 'volunteered']),
  weight: share,
  person: z.int().nullable(),
  issue: count.nullable(),
  text: text.optional(),
})
const finding = z.strictObject({
  fingerprint: text,
  ...place,
  category: categorySchema,
  severity: severitySchema,
  issue: count.nullable(),
  title: text.optional(),
  body: text.optional(),
})
const basis = z.strictObject({
  hunks: z.array(
    z.strictObject({
      path: text,
      previousPath: text.optional(),
      oldStart: count,
      oldLines: count,
      newStart: count,
      newLines: count,
    }),
  ),
  drawn: z.array(count),
  own: z.array(finding),
  production: z.array(finding),
})

const sha256 = z.string()
const bundle = {
  verdictId: text,
  experiment: z.strictObject({ id: text, name: text, configurationId: text, configuration: z.unknown() }),
  releaseId: text,
  decidedAt: z.number(),
  thresholds: z.strictObject({
    accuracy: share,
    latencyMs: z.number(),
    latencyShare: share,
    errorRate: share,
    margin: share,
    level: share,
    gamma: z.number(),
    measured: share,
    minimum: z.record(text, z.number()),
    poolRecall: share,
    differing: count,
    fewPeople: z.boolean(),
    horizon: z.strictObject({ pullRequests: z.number(), days: z.number() }),
  }),
  overheadMs: z.number(),
  budget: z.strictObject({ position: z.int().positive(), promotions: count }),
  sampler: z.strictObject({ n: count, successes: count, rate: share }).nullable(),
  breaches: z.array(z.enum(breachKinds)),
  // All of it is computed again and compared.
  stored: z.strictObject({ evidence: z.looseObject({}), verdict: z.looseObject({}) }),
  sha256,
}

export const bundleSchema = z.strictObject({
  format: z.literal('cupel-verdict/2'),
  ...bundle,
  outcomes: z.array(
    z.strictObject({
      ...outcome,
      labels: z.array(label),
      basis: basis.nullable(),
      forgottenAt: z.number().nullable(),
      sha256,
    }),
  ),
  runs: z.array(z.strictObject({ ...run, sha256 })),
})
