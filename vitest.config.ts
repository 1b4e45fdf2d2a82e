import { defineConfig } from 'vitest/config'
import { memoryFolder } from './test/support/memory-folder.ts'

// Read by os.tmpdir() in every worker and in what it starts.
const folder = process.env['TMPDIR'] === undefined ? memoryFolder() : undefined
if (folder !== undefined) process.env['TMPDIR'] = folder

/** They hold no state and start nothing, so that one module graph serves all of them. */
const pure = ['test/core/**/*.test.ts', 'test/engine/**/*.test.ts']

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
        test: {
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: pure,
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
})
