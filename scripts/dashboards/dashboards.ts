import { comparison } from './comparison.ts'
import { experiments } from './experiments.ts'
import type { Dashboard } from './panel.ts'
import { compliance } from './production.ts'
import { quarantine } from './quarantine.ts'

/** By the name of each file. */
export const dashboards: Record<string, Dashboard> = {
  'v2-production-slo-compliance': compliance,
  'v1-experiment-progress': experiments,
  'v3-quarantine-statistics': quarantine,
  'cross-version-comparison': comparison,
}
