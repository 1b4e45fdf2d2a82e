import type { z } from 'zod'
import { disagreement, hashWithout, type Bundle } from './bundle.ts'
import { bundleSchema } from './bundle-schema.ts'

/** Text of a bundle that shows when it was changed: every row bears its hash, and the whole one of all but the figures. */
export function bundleText(bundle: Bundle): string {
  const plain = JSON.parse(JSON.stringify(bundle)) as Bundle
  const sealed = <T extends object>(row: T) => ({ ...row, sha256: hashWithout(row, []) })
  const rows = { ...plain, outcomes: plain.outcomes.map(sealed), runs: plain.runs.map(sealed) }
  return JSON.stringify({ ...rows, sha256: fileHash(rows) }, null, 1)
}

/** Figures are left out: they are computed again, to nine digits. */
function fileHash(bundle: Bundle & { sha256?: string }): string {
  return hashWithout(bundle, ['sha256', 'stored'])
}

/** `wrong`: it is no bundle, for that reason. `differs`: the first path that does not agree. */
export type Verified = { wrong: string } | { differs: string } | { agrees: Bundle }

/** Computes an exported bundle again from its rows. */
export function verifyText(text: string): Verified {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { wrong: 'it is not JSON' }
  }
  if (typeof value !== 'object' || value === null || !('format' in value))
    return { wrong: 'it says no format, such as cupel-verdict/2' }
  if (value.format !== 'cupel-verdict/2')
    return {
      wrong: `its format is ${JSON.stringify(value.format).slice(0, 60)}, and this Cupel reads cupel-verdict/2; verify it with the Cupel that exported it`,
    }
  const parsed = bundleSchema.safeParse(value)
  if (!parsed.success) return misshapen(value, parsed.error.issues[0])
  const file = value as Bundle & { sha256: string }
  const differs = disagreement(file) ?? (file.sha256 === fileHash(file) ? null : 'sha256')
  return differs === null ? { agrees: file } : { differs }
}

/** What lacks a whole part is no bundle; what has something else in a part was changed. */
function misshapen(value: object, issue: z.core.$ZodIssue | undefined): Verified {
  const path = [
    ...(issue?.path ?? []),
    ...(issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []),
  ]
  const [part] = path
  if (part === undefined || (path.length === 1 && !Object.hasOwn(value, part)))
    return { wrong: `${path.join('.')}: ${issue?.message ?? 'wrong'}` }
  return { differs: path.join('.') }
}
