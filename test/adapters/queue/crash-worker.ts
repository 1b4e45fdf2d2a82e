// Run as a process of its own: takes one job, says so and never ends it.
import { bullQueues, type QueueTarget } from '../../../src/adapters/queue/bull.ts'

const queues = bullQueues(JSON.parse(process.argv[2] ?? '') as QueueTarget, {
  lockDurationMs: 500,
  stalledIntervalMs: 200,
})
queues.consume(
  process.argv[3] ?? '',
  async () => {
    process.stdout.write('taken\n')
    await new Promise(() => {})
  },
  { concurrency: 1, attempts: 1 },
)
