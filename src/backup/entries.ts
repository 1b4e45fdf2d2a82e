import { z } from 'zod'
import type { BackupEntry } from '../core/backup.ts'
import { Fault } from '../core/fault.ts'

/** Entries as bytes: a kind (`J` JSON, `D` rows), a length of 4 bytes, big-endian, and so many bytes. */
const json = 0x4a
const rows = 0x44
/** Of one entry; a row of a table may be as long. */
const longest = 2 ** 30

const entrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('structure'),
    statements: z.array(z.object({ key: z.string(), sql: z.string() })),
  }),
  z.object({ kind: z.literal('table'), name: z.string(), columns: z.array(z.string()) }),
  z.object({ kind: z.literal('rows'), count: z.int().min(0) }),
  z.object({
    kind: z.literal('end'),
    sequences: z.record(z.string(), z.int()),
    head: z.object({ sequence: z.int().min(0), hash: z.string() }),
  }),
])

export async function* encodeEntries(entries: AsyncIterable<BackupEntry>): AsyncGenerator<Buffer> {
  for await (const entry of entries) {
    const isRows = Buffer.isBuffer(entry)
    const body = isRows ? entry : Buffer.from(JSON.stringify(entry))
    const head = Buffer.alloc(5)
    head[0] = isRows ? rows : json
    head.writeUInt32BE(body.length, 1)
    yield Buffer.concat([head, body])
  }
}

/** Throws Fault input-malformed for bytes that are no entries, or do not end with `end`. */
export async function* decodeEntries(content: AsyncIterable<Buffer>): AsyncGenerator<BackupEntry> {
  const malformed = (why: string): Fault =>
    new Fault('input-malformed', `the backup cannot be read: ${why}`, { retry: 'never' })
  let waiting: Buffer = Buffer.alloc(0)
  let ended = false
  for await (const chunk of content) {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk])
    while (waiting.length >= 5) {
      const length = waiting.readUInt32BE(1)
      if (length > longest) throw malformed('a part is longer than any can be')
      if (waiting.length < 5 + length) break
      if (ended) throw malformed('something follows its end')
      const body = waiting.subarray(5, 5 + length)
      switch (waiting[0]) {
        case rows:
          yield Buffer.from(body)
          break
        case json: {
          const entry = entrySchema.parse(JSON.parse(body.toString()))
          ended = entry.kind === 'end'
          yield entry
          break
        }
        default:
          throw malformed('a part is of no known kind')
      }
      waiting = waiting.subarray(5 + length)
    }
  }
  if (!ended || waiting.length > 0) throw malformed('it does not end as it should')
}
