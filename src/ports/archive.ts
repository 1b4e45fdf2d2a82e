/** A failed configuration as it was archived. */
export interface ArchivedRecord {
  id: string
  experimentId: string | null
  releaseId: string | null
  configurationId: string
  outcome: 'failed' | 'dangerous' | 'inconclusive' | 'rolled-back'
  failureReasons: unknown
  metricsAtFailure: unknown
  impactAnalysis: unknown
  /** Null: never. */
  eligibleFrom: Date | null
  quarantinedAt: Date
  /** Why its configuration is blacklisted; null when it is not. */
  blacklisted: string | null
}

export interface BlacklistEntry {
  fingerprint: string
  kind: 'configuration' | 'part'
  recordId: string | null
  reason: string
  listedAt: Date
}

/** What V3 holds. Nothing here can be changed by whoever reads it. */
export interface Archive {
  /** Newest first; those before the record of that id, when one is named. */
  records(limit: number, before: string | null): Promise<ArchivedRecord[]>
  record(id: string): Promise<ArchivedRecord | null>
  /** The canonical JSON of an archived configuration, whose SHA-256 is the id. */
  configuration(configurationId: string): Promise<string | null>
  blacklist(): Promise<BlacklistEntry[]>
}
