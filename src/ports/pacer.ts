/** GitHub's documented limits, kept per installation and shared by every worker. */
export interface Pacer {
  /**
   * Waits until a request of this kind may be sent. `content` (comments, reviews) counts against 80 a minute and
   * 500 an hour; `write` costs 5 points, `read` 1, of 900 a minute. Throws Fault github-rate-limited when the wait
   * would be longer than `maxWaitMs`.
   */
  acquire(
    installationId: number,
    kind: 'read' | 'write' | 'content',
    maxWaitMs: number,
    signal?: AbortSignal,
  ): Promise<void>
  /** GitHub said to stop: nothing is sent for this installation until then. */
  pause(installationId: number, until: Date): Promise<void>
}
