/** One figure of one release over one minute of reviews (production.slo_metrics). */
export interface ReviewMinute {
  releaseId: string
  /** Shares are 0 to 1; response is from the webhook's receipt to the posted review. */
  metric: 'error_rate' | 'response_within_3s' | 'response_p95_ms'
  value: number
  observations: number
}

export interface Slo {
  /** This minute had a worker that could reach the database: a row once, whoever says so. */
  heartbeat(): Promise<void>
  /**
   * Writes the figures of minutes that are over and had reviews, each once, whichever worker comes first; a day is made up
   * for after a pause. Answers those that this call wrote.
   */
  closeMinutes(): Promise<ReviewMinute[]>
  /** Deletes minutes older than so many days, in batches; answers how many rows. */
  purge(days: number): Promise<number>
}
