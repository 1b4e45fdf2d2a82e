/** Schemas whose rows are backed up. The queues' are not: their jobs are made anew from the rows that they are about. */
export const backedUpSchemas = ['audit', 'production', 'experiments_v1', 'gate', 'quarantine'] as const
export type BackedUpSchema = (typeof backedUpSchemas)[number]

/** One object of the database. Two databases of one version have the same keys. */
export interface StructureStatement {
  /** `table production.releases`; of a grant, the grant itself. */
  key: string
  sql: string
}

/** What a backup holds, in this order: structure, tables with their rows, end. A Buffer is rows in COPY's text format. */
export type BackupEntry =
  | { kind: 'structure'; statements: StructureStatement[] }
  | { kind: 'table'; name: string; columns: string[] }
  | Buffer
  | { kind: 'rows'; count: number }
  /** `sequences`: the last number each has given out; `head`: of the audit chain. */
  | { kind: 'end'; sequences: Record<string, number>; head: { sequence: number; hash: string } }

export interface Retention {
  /** Newest backup of each of so many hours, days and months (UTC) that have one. */
  hours: number
  days: number
  months: number
}

const namePattern = /^cupel-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z\.backup$/

export function backupName(takenAt: Date): string {
  return `cupel-${takenAt.toISOString().slice(0, 19).replaceAll(':', '-')}Z.backup`
}

/** Names of backups that nothing keeps. A name that is no backup's is never among them, nor is the newest backup. */
export function expiredBackups(names: readonly string[], keep: Retention): string[] {
  const newestFirst = names
    .filter(name => namePattern.test(name))
    .sort()
    .reverse()
  const kept = new Set(newestFirst.slice(0, 1))
  // Lengths of the name up to the hour, the day and the month.
  for (const [length, count] of [
    [19, keep.hours],
    [16, keep.days],
    [13, keep.months],
  ] as const) {
    const newest = new Map<string, string>()
    for (const name of newestFirst)
      if (!newest.has(name.slice(0, length))) newest.set(name.slice(0, length), name)
    for (const name of [...newest.values()].slice(0, count)) kept.add(name)
  }
  return newestFirst.filter(name => !kept.has(name))
}
