import { asFault } from '../../src/core/fault.ts'
import type { Order } from '../../src/ports/orders.ts'
import type { ProductionDeps } from './deps.ts'
import { smokeTest } from './smoke.ts'
import { withdraw } from './withdraw.ts'

/**
 * Carries out what the gate ordered, one order after the other, each by one worker. An order that cannot be finished yet
 * stays open and is taken up again; a worker that dies leaves it to the next.
 */
export async function takeOrders(deps: ProductionDeps, signal: AbortSignal): Promise<void> {
  for (const order of await deps.orders.open()) {
    try {
      await deps.orders.whileHeld(order.id, lost => take(deps, order, AbortSignal.any([signal, lost])))
    } catch (error) {
      if (signal.aborted) throw error
      const fault = asFault(error)
      deps.log.error({ order: order.id, err: fault }, 'an order of the gate is taken up again')
    }
  }
}

async function take(deps: ProductionDeps, order: Order, signal: AbortSignal): Promise<void> {
  const result =
    order.kind === 'smoke' ? await smokeTest(deps, order, signal) : await withdraw(deps, order, signal)
  if (result === 'not yet' || !(await deps.orders.finish(order.id, result))) return
  deps.log.info({ order: order.id, result }, 'an order of the gate is done')
}
