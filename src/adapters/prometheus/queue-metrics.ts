import { Gauge, type Registry } from 'prom-client'
import type { QueueMetrics } from '../../ports/metrics.ts'

/** The gauges of one zone's queues, `v2` or `v1`. */
export function queueMetrics(zone: 'v1' | 'v2', registry: Registry): QueueMetrics {
  const registers = [registry]
  const jobs = new Gauge({
    name: `${zone}_queue_jobs`,
    help: 'Jobs by queue and state.',
    labelNames: ['queue', 'state'],
    registers,
  })
  const age = new Gauge({
    name: `${zone}_queue_age_seconds`,
    help: 'Age of the oldest piece of work that is due and not finished.',
    labelNames: ['queue'],
    registers,
  })
  return {
    queue(name, depth) {
      for (const state of ['waiting', 'delayed', 'active'] as const) {
        if (depth === null) jobs.remove({ queue: name, state })
        else jobs.set({ queue: name, state }, depth[state])
      }
    },
    queueAge(name, seconds) {
      if (seconds === null) age.remove({ queue: name })
      else age.set({ queue: name }, seconds)
    },
  }
}
