import type pg from 'pg'
import type { LabelVote } from '../../core/feedback-votes.ts'
import type { Labels } from '../../ports/feedback.ts'
import { storable, type Db } from './pool.ts'

/** Labels lie in the gate's schema: production can only speak at its door. */
export function labels(pool: pg.Pool): Labels {
  return {
    async submit(votes) {
      let told = 0
      for (const vote of votes) if ((await submit(pool, vote)) > 0) told += 1
      return told
    },
  }
}

async function submit(db: Db, vote: LabelVote): Promise<number> {
  const { about } = vote
  const { rows } = await db.query<{ version: number }>(
    `select doors.submit_label($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as version`,
    [
      vote.origin,
      vote.sampleId,
      storable(about.path),
      about.side,
      about.startLine,
      about.line,
      storable(about.text),
      about.category ?? null,
      about.severity ?? null,
      vote.label,
      vote.tier,
      vote.weight,
      vote.authorId,
      vote.reason,
      JSON.stringify(vote.provenance),
    ],
  )
  return rows[0]?.version ?? 0
}

export interface PublishedLabel {
  origin: string
  version: number
  path: string
  startLine: number
  line: number
  meaning: string
  label: string
  tier: string
  weight: number
  reason: string | null
  recordedAt: Date
  current: boolean
}

/** Every version of every label that people's own words made on a pull request; blind judgements are not told. */
export async function publishedLabels(
  db: Db,
  repositoryId: number,
  number: number,
): Promise<PublishedLabel[]> {
  const { rows } = await db.query<PublishedLabel>(
    `select origin, version, path, start_line as "startLine", line, meaning, label, tier, weight, reason,
       recorded_at as "recordedAt", current
     from gate.published_labels where repository_id = $1 and number = $2 and kind = 'volunteered'
     order by path, line, origin, version`,
    [repositoryId, number],
  )
  return rows
}
