import { readFileSync } from 'node:fs'
import process from 'node:process'
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
  backup: async () => (await import('./backup.ts')).backupCommand(version),
  restore: async () => (await import('./restore.ts')).restoreCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  experiment: async () => (await import('./experiment.ts')).experimentCommand(),
  label: async () => (await import('./label.ts')).labelCommand(),
  feedback: async () => (await import('./feedback.ts')).feedbackCommand(),
  gate: async () => (await import('./gate.ts')).gateCommand(),
  release: async () => (await import('./release.ts')).releaseCommand(),
  quarantine: async () => (await import('./quarantine.ts')).quarantineCommand(),
  dashboard: async () => (await import('./dashboard.ts')).dashboardCommand(),
  verdict: async () => (await import('./verdict.ts')).verdictCommand(),
  cost: async () => (await import('./cost.ts')).costCommand(),
  samples: async () => (await import('./samples.ts')).samplesCommand(),
}

/** The command line after the name `cupel`. Prints, and leaves in process.exitCode how it ended; never rejects. */
export async function cupel(args: readonly string[]): Promise<void> {
  const asked = args[0]
  const load = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined
  const program = new Command('cupel')
    .description('Reviews pull requests, and improves without its users meeting an experiment.')
    .version(version)
    .exitOverride()
  for (const make of load === undefined ? Object.values(commands) : [load]) program.addCommand(await make())

  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode
    } else {
      const fault = asFault(error)
      process.stderr.write(`cupel: ${fault.code === 'bug' ? fault.stack : fault.message}\n`)
      process.exitCode = 1
    }
  }
}
