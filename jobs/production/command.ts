import {
  isAction,
  renderExperiments,
  renderNotMeant,
  shortestBeginning,
  type ActionForm,
} from '../../src/core/administrator-text.ts'
import { authorise, mayBeAnswered, type Command, type CommandForm } from '../../src/core/command.ts'
import { renderHelp, renderIncomplete, renderRefusal, renderUnknown } from '../../src/core/command-text.ts'
import type { Intent } from '../../src/core/event.ts'
import { subjectMeant } from '../../src/core/meant.ts'
import { readRepositoryConfiguration } from '../../src/core/repository-configuration-read.ts'
import { effectiveConfiguration, renderProblems } from '../../src/core/repository-configuration-text.ts'
import { renderExplanation } from '../../src/core/review/explanation.ts'
import { readFindingMarker } from '../../src/core/review/rounds.ts'
import { acknowledge } from './answer.ts'
import { askForReview } from './ask.ts'
import type { ProductionDeps } from './deps.ts'

type CommandIntent = Extract<Intent, { kind: 'command' }>

/**
 * Carries out a command. The code host says who may; the row in production.commands makes a redelivered comment
 * nothing, and a command whose worker died is carried out again.
 */
export async function runCommand(
  deps: ProductionDeps,
  intent: CommandIntent,
  receivedAt: Date,
): Promise<string> {
  const { ref, command, commentId, login } = intent
  const text = command.kind === 'unknown' ? 'unknown' : command.form
  const taken = await deps.commands.take({
    commentId,
    repositoryId: ref.repositoryId,
    number: ref.number,
    login,
    text,
  })
  if (taken === 'finished') return 'command was carried out before'

  const who = {
    permission: await deps.reader.permission(ref, login),
    isAuthor: intent.isAuthor,
    administrator: deps.administrators.has(intent.userId),
  }
  const outcome =
    command.kind === 'unknown'
      ? await answerUnknown(deps, intent, mayBeAnswered(who) ? renderUnknown(command) : null)
      : await carryOut(deps, intent, command, authorise(command.form, who), receivedAt)
  await deps.commands.finish(commentId, outcome)
  return outcome
}

async function answerUnknown(
  deps: ProductionDeps,
  intent: CommandIntent,
  text: string | null,
): Promise<string> {
  await deps.writer.react(intent.ref, target(intent), 'confused')
  if (text !== null) await answer(deps, intent, text)
  return 'unknown command'
}

async function carryOut(
  deps: ProductionDeps,
  intent: CommandIntent,
  command: Exclude<CommandIntent['command'], { kind: 'unknown' }>,
  authorisation: ReturnType<typeof authorise>,
  receivedAt: Date,
): Promise<string> {
  const { form } = command
  if (authorisation.kind === 'refused') {
    await deps.writer.react(intent.ref, target(intent), '-1')
    if (!authorisation.silent) await answer(deps, intent, renderRefusal(form, authorisation.needs))
    return `refused: needs ${authorisation.needs}`
  }
  if (command.kind === 'incomplete') {
    await deps.writer.react(intent.ref, target(intent), 'confused')
    await answer(deps, intent, renderIncomplete(form))
    return `incomplete: ${form}`
  }
  await deps.writer.react(intent.ref, target(intent), 'eyes')
  const said = isAction(form)
    ? await askGate(deps, intent, form, command)
    : await act(deps, intent, form, receivedAt)
  if (said !== null) await answer(deps, intent, said)
  return `done: ${form}`
}

/** What the command does; answers what is to be said about it, or null where the deed speaks for itself. */
async function act(
  deps: ProductionDeps,
  intent: CommandIntent,
  form: Exclude<CommandForm, ActionForm>,
  receivedAt: Date,
): Promise<string | null> {
  const { ref, login } = intent
  switch (form) {
    case 'review':
    case 'review full':
      return review(deps, intent, form === 'review full', receivedAt)
    case 'pause':
    case 'resume': {
      await deps.pullRequests.setPaused(ref.repositoryId, ref.number, form === 'pause')
      await deps.audit.append({
        actor: login,
        action: `pull-request.${form}`,
        subject: `${ref.owner}/${ref.repo}#${ref.number}`,
        data: { commentId: intent.commentId },
      })
      if (form === 'resume') await review(deps, intent, false, receivedAt)
      return form === 'pause'
        ? 'Reviews of this pull request are paused until `/cupel resume`.'
        : 'Reviews of this pull request are on again; one begins now.'
    }
    case 'resolve': {
      const view = await deps.reader.pullRequest(ref)
      const open = view.ownThreads.filter(thread => !thread.resolved).map(thread => thread.id)
      if (open.length === 0) return 'No thread of mine is open here.'
      const { resolved } = await deps.writer.resolveThreads(ref, open)
      return resolved === open.length
        ? `Resolved ${resolved} of my threads.`
        : `Resolved ${resolved} of my ${open.length} open threads. GitHub refused the others: an App needs \`contents: write\` to resolve threads.`
    }
    case 'explain':
      return explain(deps, intent)
    case 'config': {
      const view = await deps.reader.pullRequest(ref)
      const release = await deps.releases.inForce(ref)
      const { preferences, problems } = readRepositoryConfiguration(
        view.repositoryConfiguration?.text ?? null,
      )
      return [
        effectiveConfiguration(preferences),
        problems.length > 0 ? renderProblems(problems) : '',
        `Release in force: \`${release.id}\` (${release.kind}), configuration \`${release.configurationId.slice(0, 12)}\`.`,
      ]
        .filter(part => part !== '')
        .join('\n\n')
    }
    case 'help':
      return renderHelp()
    case 'experiments':
      return renderExperiments(await deps.actions.experiments())
  }
}

/**
 * An administrator's wish becomes a row for the gate, which alone decides what comes of it. Answers why it did not; that it
 * did is said by the comment that will be the gate's answer.
 */
async function askGate(
  deps: ProductionDeps,
  intent: CommandIntent,
  form: ActionForm,
  command: Command,
): Promise<string | null> {
  let subject = command.subject ?? null
  if (subject !== null) {
    const meant = subjectMeant(await deps.actions.subjects(), form, subject, shortestBeginning)
    if (meant.kind !== 'one') return renderNotMeant(meant, form)
    subject = meant.it.id
  }
  const { ref, threadCommentId: threadId } = intent
  const actionId = `comment:${intent.commentId}`
  const asked = { actionId, ref, threadId, form, subject }
  await deps.actions.request({
    key: actionId,
    kind: form,
    subject,
    reason: command.reason ?? `asked for in ${ref.owner}/${ref.repo}#${ref.number}`,
    actor: intent.login,
  })
  await acknowledge(deps, asked)
  return null
}

async function review(
  deps: ProductionDeps,
  intent: CommandIntent,
  full: boolean,
  dueAt: Date,
): Promise<string | null> {
  const state = await deps.pullRequests.get(intent.ref.repositoryId, intent.ref.number)
  if (state?.open === false) return 'This pull request is closed; only open ones are reviewed.'
  await askForReview(deps, {
    ...intent.ref,
    headSha: state?.headSha ?? '',
    occasion: `command:${intent.commentId}`,
    label: null,
    asked: true,
    full,
    dueAt,
  })
  return null
}

async function explain(deps: ProductionDeps, intent: CommandIntent): Promise<string> {
  const elsewhere = 'Write `/cupel explain` as a reply in the thread of one of my findings.'
  if (intent.threadCommentId === null) return elsewhere
  const view = await deps.reader.pullRequest(intent.ref)
  const thread = view.ownThreads.find(own => own.commentId === intent.threadCommentId)
  const marker = thread ? readFindingMarker(thread.body) : null
  if (marker === null) return elsewhere
  const raised = await deps.reviews.findingByFingerprint(
    intent.ref.repositoryId,
    intent.ref.number,
    marker.fingerprint,
  )
  return raised === null
    ? 'The record of this finding was deleted; nothing is known of it.'
    : renderExplanation(raised)
}

function target(intent: CommandIntent): { kind: 'issue-comment' | 'review-comment'; id: number } {
  return { kind: intent.where, id: intent.commentId }
}

async function answer(deps: ProductionDeps, intent: CommandIntent, body: string): Promise<void> {
  if (intent.threadCommentId === null) await deps.writer.comment(intent.ref, body)
  else await deps.writer.replyInThread(intent.ref, intent.threadCommentId, body)
}
