import { renderInstallation, renderRepository, renderUser } from './render.ts'
import { nextId, type Installation, type Repository, type User } from './state.ts'
import type { World } from './world.ts'

export const install = (world: World, repo: Repository): Installation => {
  const known = [...world.state.installations.values()].find(one => one.account === repo.owner)
  const installation: Installation = known ?? {
    id: nextId(world.state),
    account: repo.owner,
    repositoryIds: new Set<number>(),
    permissions: world.app.permissions,
    createdAt: world.now(),
    suspended: null,
  }
  world.state.installations.set(installation.id, installation)
  installation.repositoryIds.add(repo.id)
  const { id, node_id, name, full_name, private: hidden } = renderRepository(world, repo)
  const brief = [{ id, node_id, name, full_name, private: hidden }]
  emitInstallation(
    world,
    installation,
    known === undefined ? 'installation' : 'installation_repositories',
    known === undefined
      ? { action: 'created', repositories: brief, requester: null }
      : {
          action: 'added',
          repository_selection: 'selected',
          repositories_added: brief,
          repositories_removed: [],
          requester: null,
        },
  )
  return installation
}

/** Takes the App off one repository, or (without one) removes the whole installation. */
export const uninstall = (world: World, installation: Installation, repo: Repository | null): void => {
  const all = [...world.state.repositories.values()].filter(one => installation.repositoryIds.has(one.id))
  const brief = (repo === null ? all : [repo]).map(one => {
    const { id, node_id, name, full_name, private: hidden } = renderRepository(world, one)
    return { id, node_id, name, full_name, private: hidden }
  })
  if (repo === null) {
    world.state.installations.delete(installation.id)
    emitInstallation(world, installation, 'installation', { action: 'deleted', repositories: brief })
    return
  }
  installation.repositoryIds.delete(repo.id)
  emitInstallation(world, installation, 'installation_repositories', {
    action: 'removed',
    repository_selection: 'selected',
    repositories_added: [],
    repositories_removed: brief,
    requester: null,
  })
}

/** A suspended installation gets no events and no tokens, and its tokens are refused. */
export const suspend = (world: World, installation: Installation, by: User, on: boolean): void => {
  if ((installation.suspended !== null) === on) return
  installation.suspended = on ? { at: world.now(), by } : null
  emitInstallation(world, installation, 'installation', { action: on ? 'suspend' : 'unsuspend' })
}

const emitInstallation = (
  world: World,
  installation: Installation,
  event: string,
  payload: Record<string, unknown>,
): void =>
  world.webhooks.emit(
    event,
    {
      ...payload,
      installation: renderInstallation(world, installation),
      sender: renderUser(world, installation.account),
    },
    { installationId: installation.id, repositoryId: null },
  )
