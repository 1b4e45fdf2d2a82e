import { z } from 'zod'
import { categorySchema, severitySchema, type Candidate } from './finding.ts'
import { capCodePoints } from './hostile.ts'

/**
 * What a model answers. Every property is required and absence is null, as strict structured outputs demand;
 * bounds are not part of the schema, since providers do not enforce them: readElement does.
 */
export const findingElement = z.strictObject({
  path: z.string().describe('file path as given'),
  side: z.enum(['LEFT', 'RIGHT']).describe('LEFT only for removed lines'),
  quote: z.string().describe('the exact line or lines meant, without diff mark and line number'),
  line: z.number().nullable().describe('number of the first quoted line'),
  severity: severitySchema,
  category: categorySchema,
  confidence: z.number().describe('0 to 1'),
  title: z.string().describe('one line'),
  body: z.string().describe('why it is wrong, when it fails, how to fix it'),
  suggestion: z.string().nullable().describe('replacement for exactly the quoted lines, or null'),
})

export const reviewAnswer = z.strictObject({ findings: z.array(findingElement) })

/** Longest values taken over, in code points. */
const caps = { path: 4_096, quote: 6_000, title: 200, body: 4_000, suggestion: 6_000 }

/** Most elements taken from one answer, worst first as asked for: nobody reads more, and each costs time to place. */
export const maxElements = 100

/** One element of an answer as a candidate; null when it is not what was asked for or says nothing. */
export function readElement(element: unknown, source: string): Candidate | null {
  const read = findingElement.safeParse(element)
  if (!read.success) return null
  const { path, side, quote, line, severity, category, confidence, title, body, suggestion } = read.data
  if (title.trim() === '' || quote.trim() === '' || quote.length > caps.quote) return null
  if (path.length > caps.path) return null
  return {
    path,
    side,
    quote,
    ...(line !== null && Number.isInteger(line) && line > 0 ? { lineHint: line } : {}),
    severity,
    category,
    confidence: Math.min(1, Math.max(0, Number.isFinite(confidence) ? confidence : 0)),
    title: capCodePoints(title, caps.title),
    body: capCodePoints(body, caps.body),
    ...(suggestion !== null && suggestion.length <= caps.suggestion ? { suggestion } : {}),
    source,
  }
}

export const selfCheckAnswer = z.strictObject({
  verdicts: z.array(
    z.strictObject({
      id: z.number().describe('number of the claim'),
      holds: z.boolean().describe('false only when the diff shows that the claim is wrong'),
      why: z.string().describe('one sentence'),
    }),
  ),
})
export type SelfCheckAnswer = z.infer<typeof selfCheckAnswer>
