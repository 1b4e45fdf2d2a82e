import { type DestinationStream, type Logger, pino } from 'pino'
import { redact } from './log-redaction.ts'
import { systemTrace } from './trace.ts'

/**
 * A JSON logger for one process, to standard error unless told otherwise (standard output belongs to what a command
 * answers). Every line passes the redactor as text, so that a secret inside a message, a stack or a nested
 * field goes too. `secrets` are values of this process that no pattern would know. A line of one delivery's work, in
 * whichever process, has its id as `trace`.
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
    { level: options.level, name: options.name, base: { pid: process.pid }, mixin: traced },
    { write: line => destination.write(redact(line, secrets)) },
  )
}

function traced(): object {
  const trace = systemTrace.current()
  return trace === undefined ? {} : { trace }
}
