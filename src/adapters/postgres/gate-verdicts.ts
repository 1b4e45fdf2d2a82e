import type pg from 'pg'
import type { Verdict } from '../../core/gate/decide.ts'
import type { NewVerdict, StoredVerdict, Verdicts } from '../../ports/gate.ts'
import type { KeptFigures } from './gate-evidence.ts'
import { inTransaction, type Db } from './pool.ts'

/** Verdicts and the evidence they rest on, with the rights of cupel_gate. */
export function verdicts(pool: pg.Pool): Verdicts {
  return {
    put: verdict => inTransaction(pool, db => put(db, verdict)),
    newest: async experimentId => (await select(pool, newestOf, [experimentId]))[0] ?? null,
    get: async id => (await select(pool, 'v.id = $1', [id]))[0] ?? null,
    holds: id => holds(pool, id),
    unreleased: () =>
      select(
        pool,
        `v.answer = 'promote' and exists (
           select 1 from experiments_v1.experiments e where e.id = v.experiment_id and e.state = 'active')
         and v.place = (select max(n.place) from gate.verdicts n where n.experiment_id = v.experiment_id)
         order by v.place`,
        [],
      ),
  }
}

const newestOf = 'v.experiment_id = $1 order by v.place desc limit 1'

/** What of a verdict is stored as gate.verdicts.evidence; the door `release` reads `cut`. */
interface Basis {
  cut: NewVerdict['cut']
  overheadMs: number
  verdict: Verdict
}

async function put(db: Db, verdict: NewVerdict): Promise<string> {
  const { experimentId, releaseId, evidence, thresholds, cut, overheadMs, decidedAt } = verdict
  // Two that decide at once take turns, so that neither leaves sums without a verdict.
  await db.query("select pg_advisory_xact_lock(hashtext('cupel verdict'), hashtext($1))", [experimentId])
  const [last] = await select(db, newestOf, [experimentId])
  if (last && isSame(last, verdict)) return last.id
  const figures: KeptFigures = { cut, thresholds, evidence }
  const basis: Basis = { cut, overheadMs, verdict: verdict.verdict }
  const { rows } = await db.query<{ id: string }>(
    `with kept as (
       insert into gate.scores (experiment_id, release_id, figures, scored_at) values ($1, $2, $3, $6) returning id
     )
     insert into gate.verdicts (experiment_id, score_id, answer, evidence, decided_at)
     select $1, k.id, $4, $5, $6 from kept k returning id`,
    [
      experimentId,
      releaseId,
      JSON.stringify(figures),
      verdict.verdict.answer,
      JSON.stringify(basis),
      decidedAt,
    ],
  )
  return (rows[0] as { id: string }).id
}

/** Two words of the same evidence by the same thresholds are one; what waits may be said again, as time goes on. */
function isSame(one: NewVerdict, other: NewVerdict): boolean {
  const basis = ({ verdict, cut, thresholds, overheadMs }: NewVerdict): string =>
    JSON.stringify([verdict.answer, cut.sequence, cut.runsTo, thresholds, overheadMs])
  return one.verdict.answer !== 'wait' && basis(one) === basis(other)
}

async function holds(db: Db, id: string): Promise<boolean> {
  const { rows } = await db.query<{ holds: boolean | null }>('select doors.verdict_holds($1) as holds', [id])
  return rows[0]?.holds ?? false
}

async function select(db: Db, where: string, values: unknown[]): Promise<StoredVerdict[]> {
  const { rows } = await db.query<{
    id: string
    experiment_id: string
    release_id: string
    figures: KeptFigures
    evidence: Basis
    decided_at: Date
  }>(
    `select v.id, v.experiment_id, s.release_id, s.figures, v.evidence, v.decided_at
     from gate.verdicts v join gate.scores s on s.id = v.score_id where ${where}`,
    values,
  )
  return rows.map(row => ({
    id: row.id,
    experimentId: row.experiment_id,
    releaseId: row.release_id,
    verdict: row.evidence.verdict,
    evidence: row.figures.evidence,
    thresholds: row.figures.thresholds,
    overheadMs: row.evidence.overheadMs,
    cut: row.evidence.cut,
    decidedAt: row.decided_at,
  }))
}
