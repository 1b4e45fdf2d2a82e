import { asFault } from '../../src/core/fault.ts'
import type { ProductionDeps } from './deps.ts'

export interface DeliveredEvent {
  name: string
  deliveryId: string
  payload: unknown
  receivedAt: Date
}

/** Hands a stored delivery to Probot and records what came of it. A fault worth repeating is thrown to the queue. */
export async function takeDelivery(
  deps: Pick<ProductionDeps, 'deliveries' | 'log'>,
  handle: (event: DeliveredEvent) => Promise<string>,
  deliveryId: string,
): Promise<void> {
  const delivery = await deps.deliveries.get(deliveryId)
  if (delivery === null || delivery.state === 'done') return
  try {
    const outcome = await handle({
      name: delivery.event,
      deliveryId,
      payload: JSON.parse(delivery.payload) as unknown,
      receivedAt: delivery.receivedAt,
    })
    await deps.deliveries.finish(deliveryId, 'done', outcome)
    deps.log.info({ delivery: deliveryId, event: delivery.event, outcome }, 'delivery taken')
  } catch (error) {
    const fault = asFault(error)
    if (fault.retry !== 'never') throw fault
    deps.log.error({ delivery: deliveryId, err: fault }, 'delivery failed for good')
    await deps.deliveries.finish(deliveryId, 'failed', `${fault.code}: ${fault.message}`)
  }
}
