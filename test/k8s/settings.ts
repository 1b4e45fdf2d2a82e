import { one, type Manifest, type Workload } from './objects.ts'

/** The environment of a workload's container as it will be, without what Secrets hold. */
export function settings(objects: readonly Manifest[], { pod, namespace }: Workload): Record<string, string> {
  return Object.assign(
    {},
    ...pod.containers.flatMap(({ envFrom, env }) => [
      ...(envFrom ?? []).map(
        ({ configMapRef }) => one(objects, 'ConfigMap', configMapRef.name, namespace).data,
      ),
      Object.fromEntries((env ?? []).map(({ name, value }) => [name, value ?? `from a Secret: ${name}`])),
    ]),
  ) as Record<string, string>
}
