import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import type { NewDelivery } from '../ports/stores.ts'

const id = z.object({ id: z.int().positive() })
const envelope = z.object({
  action: z.string().max(100).optional(),
  installation: id.nullish(),
  repository: id.nullish(),
})

const headersSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
  event: z.string().regex(/^[a-z0-9_]{1,100}$/),
})

/**
 * The row for a signed webhook, or why there is none. Only the envelope is read here: what the event means
 * is decided by the worker. The payload is kept as the text that was signed.
 */
export function parseDelivery(
  headers: { id: string | undefined; event: string | undefined },
  body: Buffer,
): { delivery: NewDelivery } | { refused: string } {
  const named = headersSchema.safeParse(headers)
  if (!named.success) return { refused: 'X-GitHub-Delivery or X-GitHub-Event is missing or malformed' }
  // Decoding would replace what is not UTF-8, and the row would no longer be what was signed.
  if (!isUtf8(body)) return { refused: 'the body is not UTF-8' }
  let json: unknown
  try {
    json = JSON.parse(body.toString('utf8'))
  } catch {
    return { refused: 'the body is not JSON; set the webhook content type to application/json' }
  }
  const parsed = envelope.safeParse(json)
  if (!parsed.success) return { refused: 'the body is not a webhook payload' }
  const { action, installation, repository } = parsed.data
  return {
    delivery: {
      id: named.data.id,
      event: named.data.event,
      action: action ?? null,
      installationId: installation?.id ?? null,
      repositoryId: repository?.id ?? null,
      payload: body,
    },
  }
}
