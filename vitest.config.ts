import { defineConfig } from 'vitest/config'
import { memoryFolder } from './test/support/memory-folder.ts'

// Read by os.tmpdir() in every worker and in what it starts.
const folder = process.env['TMPDIR'] === undefined ? memoryFolder() : undefined
if (folder !== undefined) process.env['TMPDIR'] = folder

/** They hold no state and start nothing, so that one module graph serves all of them. */
const pure = ['test/core/**/*.test.ts', 'test/engine/**/*.test.ts']

/** Processes killed at every point, hostile analysers, whole histories: minutes by themselves, so not part of `npm test`. */
const slow = [
  'test/adapters/analysers/isolation.test.ts',
  'test/cli/review-histories.test.ts',
  'test/e2e/crashes.test.ts',
  'test/e2e/observability.test.ts',
  'test/e2e/shadow.test.ts',
  'test/jobs/experiments/worker.test.ts',
  'test/jobs/gate/process.test.ts',
  'test/jobs/gate/reconcile.test.ts',
  'test/k8s/burn-rates.test.ts',
]
const globalSetup = ['test/support/global-setup.ts']

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'pure', include: pure, isolate: false } },
      {
        extends: true,
        test: { name: 'real', include: ['test/**/*.test.ts'], exclude: [...pure, ...slow], globalSetup },
      },
      { extends: true, test: { name: 'slow', include: slow, globalSetup } },
    ],
  },
})
