import type { GateDeps } from './deps.ts'
import { setAuditDay } from './draw.ts'
import { score } from './score.ts'

/** One turn of the gate: the audit draw of the day, then scoring until nothing is due or it is to stop. */
export async function turn(deps: GateDeps, signal: AbortSignal): Promise<'done'> {
  await setAuditDay(deps)
  for (;;) {
    const { samples, failed, finals } = await score(deps, signal)
    deps.metrics.scored(samples, failed)
    deps.metrics.counted(finals)
    // What could not be scored is due still: another turn tries it again.
    if (signal.aborted || (samples === 0 && finals === 0)) break
  }
  deps.metrics.coverage(await deps.labelCoverage())
  return 'done'
}
