import { promptPart } from '../../src/core/experiment.ts'
import { promptNames, promptTemplate } from '../../src/engine/prompts.ts'
import type { ReconcileDeps } from './deps.ts'

/** Tells the database what this version's prompts say, so that it knows a banned text under another name. */
export async function publishPrompts({ quarantine }: Pick<ReconcileDeps, 'quarantine'>): Promise<void> {
  const prompts = promptNames().map(name => ({
    name,
    fingerprint: promptPart(name, promptTemplate(name)).fingerprint,
  }))
  await quarantine.publishPrompts(prompts)
}
