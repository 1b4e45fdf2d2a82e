import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { asFault } from '../core/fault.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Loaded only when asked for: the libraries of all of them take longer to load than a small review takes. */
const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./start.ts')).startCommand(),
  sandbox: async () => (await import('./sandbox.ts')).sandboxCommand(),
  review: async () => (await import('./review-wiring.ts')).localReviewCommand(version),
  setup: async () => (await import('./setup.ts')).setupCommand(),
  migrate: async () => (await import('./migrate.ts')).migrateCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  experiment: async () => (await import('./experiment.ts')).experimentCommand(),
  feedback: async () => (await import('./feedback.ts')).feedbackCommand(),
  samples: async () => (await import('./samples.ts')).samplesCommand(),
  gate: async () => (await import('./gate.ts')).gateCommand(),
}
const asked = process.argv[2]
const load = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined

// Existing variables win; a missing file is no error. `review` is run in the folders of others, whose .env must not
// say where code and keys are sent: it reads the one beside Cupel only.
try {
  process.loadEnvFile(asked === 'review' ? fileURLToPath(new URL('../../.env', import.meta.url)) : '.env')
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

const cupel = new Command('cupel')
  .description('Reviews pull requests, and improves without its users meeting an experiment.')
  .version(version)
  .exitOverride()
for (const make of load === undefined ? Object.values(commands) : [load]) cupel.addCommand(await make())

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
