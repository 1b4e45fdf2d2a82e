import type { Vote } from '../../core/label.ts'
import type { Scored } from '../../core/score/basis.ts'
import type { Db } from './pool.ts'

/** What the counts of one final outcome follow from. */
export interface PublishedScoring {
  sequence: string
  /** As they stood when they became final. */
  votes: Vote[]
  /** Null once the texts were forgotten. */
  scored: Scored | null
  forgottenAt: Date | null
}

/** Of an experiment's outcomes up to a sequence, in its order; with the rights of cupel_operator. */
export async function publishedScorings(
  db: Db,
  experimentId: string,
  sequence: string,
): Promise<PublishedScoring[]> {
  const { rows } = await db.query<{
    sequence: string
    labels: Vote[]
    forgotten: boolean
    forgotten_at: Date | null
    hunks: Scored['hunks']
    drawn: number[]
    findings: Pick<Scored, 'own' | 'production'>
  }>(
    `select sequence, labels, forgotten, forgotten_at, hunks, drawn, findings from gate.published_scorings
     where experiment_id = $1 and sequence <= $2 order by sequence`,
    [experimentId, sequence],
  )
  return rows.map(({ hunks, drawn, findings, ...row }) => ({
    sequence: row.sequence,
    votes: row.labels,
    scored: row.forgotten ? null : { hunks, drawn, ...findings },
    forgottenAt: row.forgotten_at,
  }))
}
