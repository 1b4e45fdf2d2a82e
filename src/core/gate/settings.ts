import { z } from 'zod'
import { describeIssue } from '../yaml-issues.ts'
import { defaultThresholds, type Thresholds } from './thresholds.ts'

const share = z.number().gt(0).lt(1)
const whole = z.int().min(0)

/** Every key may be left out: the default holds then. */
const settingsSchema = z.strictObject({
  accuracy: share.optional(),
  latencyMs: z.number().gt(0).optional(),
  latencyShare: share.optional(),
  errorRate: share.optional(),
  margin: share.optional(),
  level: share.optional(),
  gamma: z.number().min(1).max(100).optional(),
  measured: share.optional(),
  poolRecall: share.optional(),
  differing: whole.optional(),
  fewPeople: z.boolean().optional(),
  minimum: z
    .strictObject({
      labelledPullRequests: whole.optional(),
      days: z.number().min(0).optional(),
      truePositiveHunks: whole.optional(),
      pullRequestsWithIssue: whole.optional(),
      labelAuthors: whole.optional(),
      largestAuthorShare: z.number().min(0).max(1).optional(),
    })
    .optional(),
  horizon: z
    .strictObject({ pullRequests: z.int().min(1).optional(), days: z.number().gt(0).optional() })
    .optional(),
})

/** Thresholds of a JSON text, or what is wrong with it and how to correct it. */
export function readThresholds(text: string): Thresholds | { wrong: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { wrong: `not JSON (${(error as Error).message}); write an object such as {"accuracy": 0.95}` }
  }
  const read = settingsSchema.safeParse(value)
  if (read.success) {
    const { minimum, horizon, ...plain } = read.data
    return {
      ...defaultThresholds,
      ...plain,
      minimum: { ...defaultThresholds.minimum, ...minimum },
      horizon: { ...defaultThresholds.horizon, ...horizon },
    }
  }
  const [first] = read.error.issues.flatMap(issue => describeIssue(issue, value, settingsSchema))
  if (first === undefined) return { wrong: 'not thresholds; see docs/gate.md' }
  const path = first.path.map(String).join('.')
  return { wrong: `${path === '' ? '' : `${path}: `}${first.message}; ${first.cure}` }
}
