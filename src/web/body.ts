import type { IncomingMessage } from 'node:http'

/** GitHub sends at most 25 MB. */
export const MAX_BODY_BYTES = 25 * 1024 * 1024

export interface Held {
  /** Answers false, and holds nothing more, when there is no room for so many bytes. */
  admit(bytes: number): boolean
  release(): void
}

/**
 * Room for the bodies of all unanswered webhooks together. A body must be read before its signature can be
 * checked, so without a limit anybody could fill the process.
 */
export function createHolder(limit: number): () => Held {
  let held = 0
  return () => {
    let own = 0
    return {
      admit(bytes) {
        if (held + bytes > limit) return false
        held += bytes
        own += bytes
        return true
      },
      release() {
        held -= own
        own = 0
      },
    }
  }
}

/** Reads on to the end also when nothing is kept, so that the sender gets its answer instead of a reset. */
export function readBody(
  request: IncomingMessage,
  held: Held,
): Promise<Buffer | 'too-large' | 'no-room' | 'cut'> {
  const chunks: Buffer[] = []
  let bytes = 0
  let refused: 'too-large' | 'no-room' | null = null
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (refused === null && bytes > MAX_BODY_BYTES) refused = 'too-large'
    if (refused === null && !held.admit(chunk.length)) refused = 'no-room'
    if (refused === null) chunks.push(chunk)
    else {
      chunks.length = 0
      held.release()
    }
  })
  return new Promise(resolve => {
    request.on('end', () =>
      resolve(refused ?? (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))),
    )
    request.on('error', () => resolve('cut'))
    request.on('close', () => resolve('cut'))
  })
}
