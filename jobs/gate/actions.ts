import { configurationSchema } from '../../src/core/configuration.ts'
import { partsOf } from '../../src/core/experiment.ts'
import { asFault } from '../../src/core/fault.ts'
import { promptText } from '../../src/engine/prompts.ts'
import type { GateAction, GateSettings } from '../../src/ports/gate.ts'
import type { ReconcileDeps } from './deps.ts'
import { decideOne } from './decide.ts'
import { archiveExperiment } from './quarantine.ts'
import { rollBack } from './roll-back.ts'

type Answer = { state: 'done' | 'refused'; outcome: string }
const done = (outcome: string): Answer => ({ state: 'done', outcome })
const refused = (outcome: string): Answer => ({ state: 'refused', outcome })

/** Does what administrators asked for, or says why not. Nobody can ask for more than the gate may do by itself. */
export async function takeActions(deps: ReconcileDeps, settings: GateSettings): Promise<void> {
  for (const action of await deps.actions.open()) {
    const { id, kind, actor } = action
    try {
      const { state, outcome } = await take(deps, settings, action)
      await deps.actions.finish(id, state, outcome)
      deps.log.info({ action: id, kind, actor, state }, 'an administrator was answered')
    } catch (error) {
      if (asFault(error).code === 'database-unavailable') throw error
      deps.log.error({ err: error, action: id, kind }, 'what was asked for failed; it is tried again')
    }
  }
}

async function take(deps: ReconcileDeps, settings: GateSettings, action: GateAction): Promise<Answer> {
  switch (action.kind) {
    case 'promote':
      return settings.paused
        ? refused('the gate is paused: it decides nothing')
        : promoteNow(deps, settings, action)
    case 'quarantine':
      return quarantineByHand(deps, action)
    case 'reevaluate': {
      const answer = await deps.quarantine.readmit(action.id)
      return answer.outcome === 'done' ? done('granted: a new trial begins') : refused(answer.why)
    }
    case 'blacklist':
      return blacklist(deps, action)
    case 'rollback':
      return rollBackByHand(deps, action)
  }
}

async function promoteNow(
  deps: ReconcileDeps,
  settings: GateSettings,
  { subject }: GateAction,
): Promise<Answer> {
  const experiment = await deps.evidence.experiment(subject ?? '')
  if (experiment === null) return refused(`there is no experiment ${subject}`)
  if (experiment.state !== 'active') return refused(`experiment ${subject} is ${experiment.state}`)
  const { id, verdict } = await decideOne(deps, settings, experiment, 'always')
  return done(
    verdict.answer === 'wait'
      ? `wait (verdict ${id}): ${verdict.missing.join('; ')}`
      : `${verdict.answer} (verdict ${id})`,
  )
}

async function quarantineByHand(
  deps: ReconcileDeps,
  { subject, actor, reason }: GateAction,
): Promise<Answer> {
  const experiment = await deps.evidence.experiment(subject ?? '')
  if (experiment === null) return refused(`there is no experiment ${subject}`)
  const newest = await deps.verdicts.newest(experiment.id)
  const archived = await archiveExperiment(deps, experiment, newest, 'failed', [
    { class: 'by-hand', words: `by ${actor}: ${reason}` },
  ])
  return archived.outcome === 'done' ? done(`archived as record ${archived.value}`) : refused(archived.why)
}

async function rollBackByHand(deps: ReconcileDeps, { subject, actor, reason }: GateAction): Promise<Answer> {
  const release =
    subject === null
      ? await deps.releases.inForce()
      : (await deps.releases.all()).find(each => each.id === subject)
  if (release === undefined) return refused(`there is no release ${subject}`)
  if (release.kind === 'genesis') {
    const coming = (await deps.releases.all()).find(({ step }) => step === 'smoke' || step === 'canary')
    const named =
      coming &&
      `; ${coming.id}, in its ${coming.step}, is taken back by \`cupel release rollback REASON --release ${coming.id}\``
    return refused(`the genesis release is the last resort: there is nothing to fall back to${named ?? ''}`)
  }
  if (release.step === 'failed')
    return refused(`release ${release.id} was rolled back already: ${release.reason}`)
  const answer = await rollBack(deps, release, `by ${actor}: ${reason}`)
  if (answer.outcome === 'refused') return refused(answer.why)
  const now = await deps.releases.inForce()
  return done(`release ${release.id} was rolled back; ${now.id} is in force`)
}

/**
 * `ID`: the configuration of an experiment, record or release. `ID/model`, `ID/prompt` …: that part of it. `ID/analyser/ruff`,
 * `ID/model/openai/NAME`: that one of several.
 */
async function blacklist(deps: ReconcileDeps, action: GateAction): Promise<Answer> {
  const [id = '', part = 'configuration', ...one] = (action.subject ?? '').split('/')
  const target = await configurationOf(deps, id)
  if (target === null) return refused(`there is no experiment, record or release ${id}`)
  const parsed = configurationSchema.safeParse(JSON.parse(target.configuration))
  const named = one.length === 0 ? '' : ` ${one.join('/')}`
  const parts = (parsed.success ? partsOf(parsed.data, promptText) : []).filter(
    each => each.name === part && (named === '' || each.words === `${part}${named}`),
  )
  if (parts.length === 0)
    return refused(
      `${id} has no part ${part}${named}; there are model, prompt, technique, routing and analyser`,
    )
  // All analysers at once would end nearly every trial.
  if (part === 'analyser' && parts.length > 1)
    return refused(`say which, as in ${id}/analyser/${parts[0]?.words.replace('analyser ', '')}`)
  const using = await inForceWith(
    deps,
    parts.map(each => each.fingerprint),
  )
  if (using !== undefined) return refused(`it is in force as release ${using}: roll that back first`)
  const said = new Set<string>()
  for (const { fingerprint, words } of parts) {
    const answer = await deps.quarantine.blacklist({
      fingerprint,
      kind: part === 'configuration' ? 'configuration' : 'part',
      recordId: target.recordId,
      reason: action.reason,
      actor: action.actor,
    })
    if (answer.outcome === 'refused') return refused(answer.why)
    said.add(answer.value ? `${words} is blacklisted` : `${words} was blacklisted before`)
  }
  return done([...said].join('; '))
}

/** A release that reviews, or may again, with one of these parts. The first release asks no model and cannot be rolled back. */
async function inForceWith(
  deps: ReconcileDeps,
  fingerprints: readonly string[],
): Promise<string | undefined> {
  const releases = await deps.releases.all()
  const using = releases.find(({ kind, step, configuration }) => {
    if (kind === 'genesis' || step === 'failed') return false
    const parsed = configurationSchema.safeParse(JSON.parse(configuration))
    return (
      parsed.success && partsOf(parsed.data, promptText).some(part => fingerprints.includes(part.fingerprint))
    )
  })
  return using?.id
}

async function configurationOf(
  deps: ReconcileDeps,
  id: string,
): Promise<{ configuration: string; recordId: string | null } | null> {
  const experiment = await deps.evidence.experiment(id)
  if (experiment !== null) return { configuration: experiment.configuration, recordId: null }
  const record = await deps.quarantine.record(id)
  const wanted = record === null ? null : await deps.quarantine.configuration(record.id)
  if (record !== null && wanted !== null) return { configuration: wanted, recordId: record.id }
  const release = (await deps.releases.all()).find(each => each.id === id)
  return release === undefined ? null : { configuration: release.configuration, recordId: null }
}
