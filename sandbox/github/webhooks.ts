import { createHmac, randomUUID } from 'node:crypto'

export interface Delivery {
  id: number
  /** X-GitHub-Delivery; a redelivery keeps it. */
  guid: string
  event: string
  action: string | null
  installationId: number | null
  repositoryId: number | null
  deliveredAt: Date
  redelivery: boolean
  /** Milliseconds until the answer. */
  duration: number
  /** What came back; 0 when nothing did. */
  statusCode: number
  status: string
  /** The bytes that were signed. */
  body: string
  response: string
}

export interface Webhooks {
  deliveries: Delivery[]
  target: (url: string | null) => void
  emit: (
    event: string,
    payload: Record<string, unknown>,
    of: { installationId: number | null; repositoryId: number | null },
  ) => void
  /** Those of the last three days that were answered, or not in time; newest first. */
  listed: () => Delivery[]
  /** False when no delivery has that id. */
  redeliver: (id: number) => boolean
  /** Resolves once everything emitted so far was answered. */
  settled: () => Promise<void>
  close: () => Promise<void>
}

const KEPT_MS = 3 * 86_400_000

/** GitHub gives up after ten seconds. */
const ANSWER_WITHIN_MS = 10_000

// GitHub keeps three days; this many are enough for any test and keep a long benchmark's memory flat.
const KEPT_DELIVERIES = 2_000

/** Deliveries in the order of their events, one at a time, each signed over the bytes that are sent. */
export const createWebhooks = (options: {
  url: string | null
  secret: string
  appId: number
  now: () => Date
  nextId: () => number
}): Webhooks => {
  let url = options.url
  let last: Promise<void> = Promise.resolve()
  const stop = new AbortController()
  const deliveries: Delivery[] = []

  const send = async (delivery: Delivery): Promise<void> => {
    if (url === null || stop.signal.aborted) {
      delivery.status = 'no webhook URL'
      return
    }
    const started = performance.now()
    delivery.deliveredAt = options.now()
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body: delivery.body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'GitHub-Hookshot/local',
          'x-github-event': delivery.event,
          'x-github-delivery': delivery.guid,
          'x-github-hook-id': '1',
          'x-github-hook-installation-target-id': String(options.appId),
          'x-github-hook-installation-target-type': 'integration',
          'x-hub-signature-256': `sha256=${createHmac('sha256', options.secret).update(delivery.body).digest('hex')}`,
        },
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      })
      delivery.response = await answer.text()
      delivery.statusCode = answer.status
      delivery.status = answer.ok ? 'OK' : `Invalid HTTP Response: ${answer.status}`
    } catch (error) {
      delivery.status =
        error instanceof Error && error.name === 'TimeoutError' ? 'timed out' : 'failed to connect to host'
    }
    delivery.duration = Math.round(performance.now() - started)
  }

  const enqueue = (delivery: Delivery): void => {
    deliveries.push(delivery)
    if (deliveries.length > KEPT_DELIVERIES) deliveries.shift()
    last = last.then(() => send(delivery))
  }

  const listed = (): Delivery[] =>
    deliveries
      .filter(
        one => one.status !== 'pending' && one.deliveredAt.getTime() > options.now().getTime() - KEPT_MS,
      )
      .toReversed()

  return {
    deliveries,
    target: next => {
      url = next
    },
    emit: (event, payload, of) =>
      enqueue({
        id: options.nextId(),
        guid: randomUUID(),
        event,
        action: typeof payload['action'] === 'string' ? payload['action'] : null,
        ...of,
        deliveredAt: options.now(),
        redelivery: false,
        duration: 0,
        statusCode: 0,
        status: 'pending',
        body: JSON.stringify(payload),
        response: '',
      }),
    listed,
    redeliver: id => {
      const known = listed().find(delivery => delivery.id === id)
      if (known === undefined) return false
      enqueue({
        ...known,
        id: options.nextId(),
        redelivery: true,
        duration: 0,
        statusCode: 0,
        status: 'pending',
        response: '',
      })
      return true
    },
    settled: async () => {
      for (let seen: Promise<void> | null = null; seen !== last;) {
        seen = last
        await seen
      }
    },
    close: async () => {
      stop.abort()
      await last
    },
  }
}
