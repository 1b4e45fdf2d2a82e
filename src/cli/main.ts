import { readFileSync } from 'node:fs'
import process from 'node:process'
import { Command, CommanderError } from 'commander'
import { asFault } from '../core/fault.ts'
import { auditCommand } from './audit.ts'
import { experimentCommand } from './experiment.ts'
import { feedbackCommand } from './feedback.ts'
import { migrateCommand } from './migrate.ts'
import { localReviewCommand } from './review-wiring.ts'
import { samplesCommand } from './samples.ts'
import { setupCommand } from './setup.ts'
import { sandboxCommand } from './sandbox.ts'
import { startCommand } from './start.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

// Existing variables win; a missing file is no error.
try {
  process.loadEnvFile()
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

const cupel = new Command('cupel')
  .description('Reviews pull requests, and improves without its users meeting an experiment.')
  .version(version)
  .exitOverride()
  .addCommand(startCommand())
  .addCommand(sandboxCommand())
  .addCommand(localReviewCommand(version))
  .addCommand(setupCommand())
  .addCommand(migrateCommand())
  .addCommand(auditCommand())
  .addCommand(experimentCommand())
  .addCommand(feedbackCommand())
  .addCommand(samplesCommand())

try {
  await cupel.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode
  } else {
    const fault = asFault(error)
    process.stderr.write(`cupel: ${fault.code === 'bug' ? fault.stack : fault.message}\n`)
    process.exitCode = 1
  }
}
