import { type DestinationStream, type Logger, pino } from 'pino'
import { redact } from './log-redaction.ts'

/**
 * A JSON logger for one process, to standard error unless told otherwise (standard output belongs to what a command
 * answers). Every line passes the redactor as text, so that a secret inside a message, a stack or a nested
 * field goes too. `secrets` are values of this process that no pattern would know.
 */
export function createLog(options: {
  level: string
  name: string
  secrets?: readonly string[]
  destination?: DestinationStream
}): Logger {
  const secrets = options.secrets ?? []
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true })
  return pino(
    { level: options.level, name: options.name, base: { pid: process.pid } },
    { write: line => destination.write(redact(line, secrets)) },
  )
}
