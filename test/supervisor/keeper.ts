// Run as a process of its own, to be killed: supervises two children and prints their pids.
import { supervise, type ProcessSpec } from '../../src/supervisor/supervise.ts'

const log = { info: () => {}, error: () => {} }
const supervisor = supervise(JSON.parse(process.argv[2] ?? '') as ProcessSpec[], log)
await supervisor.ready
process.stdout.write(`${JSON.stringify(supervisor.pids())}\n`)
