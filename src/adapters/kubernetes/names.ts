/** As in k8s/zones: RBAC and the admission policy allow no other names, and the tests' API judges by those. */
export const stableNamespace = 'platform-v2-stable'
export const gateNamespace = 'platform-gate'
export const workerName = 'cupel-production'
export const releasesName = 'cupel-releases'
export const leaseName = 'cupel-gate'
/** Of the worker's pods: the release that was brought to them last, by its configuration's SHA-256. */
export const releaseAnnotation = 'cupel.dev/releases'

export function releaseName(configurationId: string): string {
  return `cupel-release-${configurationId}`
}
