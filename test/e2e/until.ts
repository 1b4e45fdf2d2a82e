import { setTimeout as sleep } from 'node:timers/promises'

// Each look may be a query, and dozens of scenarios wait at once.
const POLL_MS = 100

/** The first answer that is neither null nor false. Throws after `withinMs`, with what `context` tells by then. */
export async function until<T>(
  what: string,
  look: () => T | null | false | Promise<T | null | false>,
  options: { withinMs?: number; context?: () => string } = {},
): Promise<T> {
  const withinMs = options.withinMs ?? 60_000
  const end = performance.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen !== null && seen !== false) return seen
    if (performance.now() > end)
      throw new Error(`not within ${withinMs} ms: ${what}\n${options.context?.() ?? ''}`)
    await sleep(POLL_MS)
  }
}
