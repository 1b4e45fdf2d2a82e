import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { backupName, expiredBackups, type BackupEntry, type Retention } from '../core/backup.ts'
import { Fault } from '../core/fault.ts'
import { decodeEntries, encodeEntries } from './entries.ts'
import { seal, unseal, type Header } from './envelope.ts'

/** What a backup holds, found by reading all of it. */
export interface Inventory {
  header: Header
  /** Rows by table. */
  rows: Map<string, number>
  head: { sequence: number; hash: string }
  bytes: number
}

/**
 * Writes a backup into the folder and reads it back; only what was read back whole gets its name. Answers the file and
 * what it holds. Leaves nothing behind when it fails.
 */
export async function writeBackup(
  folder: string,
  about: { takenAt: Date; release: string; migrations: string[] },
  entries: AsyncIterable<BackupEntry>,
  key: Buffer,
): Promise<Inventory & { file: string }> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, backupName(about.takenAt))
  const partial = `${file}.partial`
  const header = { ...about, takenAt: about.takenAt.toISOString() }
  try {
    await pipeline(
      Readable.from(encodeEntries(entries)),
      createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
      (content: AsyncIterable<Buffer>) => seal(header, content, key),
      createWriteStream(partial, { mode: 0o600, flush: true }),
    )
    const inventory = await readInventory(partial, key)
    await rename(partial, file)
    return { ...inventory, file }
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** Throws what `unseal` and `decodeEntries` throw, at the latest when the entries are read to their end. */
export async function openBackup(
  file: string,
  key: Buffer,
): Promise<{ header: Header; entries: AsyncGenerator<BackupEntry> }> {
  const { header, content } = await unseal(createReadStream(file, { highWaterMark: 262_144 }), key)
  async function* plain(): AsyncGenerator<Buffer> {
    const compressed = Readable.from(content)
    const unpacked = createZstdDecompress()
    // A fault of the source is thrown where the content is read.
    compressed.once('error', error => unpacked.destroy(error))
    yield* compressed.pipe(unpacked) as AsyncIterable<Buffer>
  }
  return { header, entries: decodeEntries(plain()) }
}

/** Reads all of a backup: every byte is checked, and the rows counted against what it says of itself. */
export async function readInventory(file: string, key: Buffer): Promise<Inventory> {
  const { header, entries } = await openBackup(file, key)
  const rows = new Map<string, number>()
  let table = ''
  let lines = 0
  let head: Inventory['head'] | undefined
  for await (const entry of entries) {
    if (Buffer.isBuffer(entry)) {
      // In COPY's text format a row is a line; line ends inside of values are escaped.
      for (let at = entry.indexOf(10); at >= 0; at = entry.indexOf(10, at + 1)) lines++
    } else if (entry.kind === 'table') {
      table = entry.name
      lines = 0
    } else if (entry.kind === 'rows') {
      if (lines !== entry.count)
        throw new Fault('input-malformed', `${table} has ${lines} rows and not ${entry.count}`, {
          retry: 'never',
        })
      rows.set(table, lines)
    } else if (entry.kind === 'end') head = entry.head
  }
  if (head === undefined) throw new Fault('input-malformed', 'the backup has no end', { retry: 'never' })
  return { header, rows, head, bytes: (await stat(file)).size }
}

/** Deletes the backups of the folder that nothing keeps, and answers their names. */
export async function prune(folder: string, keep: Retention): Promise<string[]> {
  const gone = expiredBackups(await readdir(folder), keep)
  for (const name of gone) await rm(join(folder, name), { force: true })
  return gone
}
