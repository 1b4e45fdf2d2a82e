import { rendered } from '../../k8s/objects.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  resourceNames?: string[]
  verbs: string[]
}

/** Whether the Roles that are bound to the gate's account allow it. */
export function mayGate(
  verb: string,
  group: string,
  resource: string,
  namespace: string,
  name: string | undefined,
): boolean {
  const objects = rendered('prod').filter(object => object.metadata.namespace === namespace)
  const bound = objects
    .filter(({ kind }) => kind === 'RoleBinding')
    .filter(binding =>
      (binding['subjects'] as { name: string; namespace?: string }[]).some(
        subject => subject.name === 'cupel-gate' && subject.namespace === 'platform-gate',
      ),
    )
    .map(binding => (binding['roleRef'] as { name: string }).name)
  return objects
    .filter(({ kind, metadata }) => kind === 'Role' && bound.includes(metadata.name))
    .flatMap(role => role['rules'] as Rule[])
    .some(
      ({ apiGroups, resources, resourceNames, verbs }) =>
        verbs.includes(verb) &&
        apiGroups.includes(group) &&
        resources.includes(resource) &&
        (resourceNames === undefined || (name !== undefined && resourceNames.includes(name))),
    )
}
