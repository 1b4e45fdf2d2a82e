import { renderRepository, renderUser } from './render.ts'
import { renderPull, renderPullSimple, renderReviewComment } from './render-pull.ts'
import { installationOf, type Pull, type Repository, type Thread, type User } from './state.ts'
import { pullComparison, type World } from './world.ts'
import { commitsBetween } from './git.ts'

/** Sends one event to the App, when it is installed on the repository. */
export const emit = (
  world: World,
  repo: Repository,
  sender: User,
  event: string,
  payload: Record<string, unknown>,
): void => {
  const installation = installationOf(world.state, repo)
  if (installation === undefined || installation.suspended !== null) return
  world.webhooks.emit(
    event,
    {
      ...payload,
      repository: renderRepository(world, repo),
      sender: renderUser(world, sender),
      installation: { id: installation.id, node_id: `MDIzOkludGVncmF0aW9u${installation.id}` },
    },
    { installationId: installation.id, repositoryId: repo.id },
  )
}

/** The pull request as `GET /pulls/{n}` answers it. */
export const fullPull = async (world: World, pull: Pull) => {
  const { files } = await pullComparison(world, pull)
  return renderPull(world, pull, {
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: files.length,
    commits: await commitCount(world, pull),
  })
}

const counted = new Map<string, Promise<number>>()

const commitCount = (_world: World, pull: Pull): Promise<number> => {
  const key = `${pull.repo.dir}:${pull.mergeBase}..${pull.head.sha}`
  const known = counted.get(key)
  if (known !== undefined) return known
  const made = commitsBetween(pull.repo.dir, pull.mergeBase, pull.head.sha)
  if (counted.size > 1000) counted.clear()
  counted.set(key, made)
  return made
}

export const emitPull = async (
  world: World,
  pull: Pull,
  sender: User,
  action: string,
  extra: Record<string, unknown> = {},
): Promise<void> =>
  emit(world, pull.repo, sender, 'pull_request', {
    action,
    number: pull.number,
    pull_request: await fullPull(world, pull),
    ...extra,
  })

export const emitThread = (
  world: World,
  thread: Thread,
  sender: User,
  action: 'resolved' | 'unresolved',
): void =>
  emit(world, thread.pull.repo, sender, 'pull_request_review_thread', {
    action,
    pull_request: renderPullSimple(world, thread.pull),
    thread: {
      node_id: thread.nodeId,
      comments: thread.comments.map(comment => renderReviewComment(world, comment)),
    },
  })
