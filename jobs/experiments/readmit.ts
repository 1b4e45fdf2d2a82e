import { configurationSchema } from '../../src/core/configuration.ts'
import { Fault } from '../../src/core/fault.ts'
import { canonicalJson, sha256 } from '../../src/core/ids.ts'
import type { Grant } from '../../src/ports/experiments.ts'
import type { ExperimentsDeps } from './deps.ts'

/** What could not be begun is tried again after so long. */
const RETRY_MS = 60_000

type ReadmitDeps = Pick<ExperimentsDeps, 'readmissions' | 'archived' | 'clock' | 'log'>

/** Begins the trials that the gate granted, each with the configuration that the archive holds for it. */
export function readmitter(deps: ReadmitDeps): { turn(): Promise<void> } {
  const notBefore = new Map<string, number>()
  return {
    async turn() {
      const now = deps.clock.elapsed()
      for (const grant of await deps.readmissions.open()) {
        if ((notBefore.get(grant.id) ?? -Infinity) > now) continue
        try {
          await readmit(deps, grant)
          notBefore.delete(grant.id)
        } catch (error) {
          notBefore.set(grant.id, now + RETRY_MS)
          deps.log.warn(
            { err: error, grant: grant.id },
            'a re-evaluation could not be begun; it is tried again',
          )
        }
      }
    },
  }
}

async function readmit({ readmissions, archived, log }: ReadmitDeps, grant: Grant): Promise<void> {
  const canonical = await archived.get(grant.configurationId)
  if (canonical === null)
    throw new Fault('archive-unavailable', 'the archive does not hold the configuration', { retry: 'later' })
  if (sha256(canonical) !== grant.configurationId)
    throw new Fault('archive-unavailable', 'what the archive answers is not the configuration asked for', {
      retry: 'later',
    })
  const configuration = configurationSchema.safeParse(JSON.parse(canonical))
  if (!configuration.success || canonicalJson(configuration.data) !== canonical)
    throw new Fault('input-malformed', 'this version of Cupel cannot read the archived configuration', {
      retry: 'never',
    })
  if (await readmissions.begin(grant.id, canonical))
    log.info({ experiment: grant.id, configuration: grant.configurationId }, 'a re-evaluation began')
}
