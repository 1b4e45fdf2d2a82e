import { AsyncLocalStorage } from 'node:async_hooks'
import type { Trace } from '../../ports/trace.ts'

const traces = new AsyncLocalStorage<string>()

export const systemTrace: Trace = {
  current: () => traces.getStore(),
  within: (id, work) => traces.run(id, work),
}
