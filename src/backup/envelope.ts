import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../core/fault.ts'

/**
 * A backup file, format 1: one line of JSON (the header, in the clear), then frames of AES-256-GCM, each of 65,536 bytes of
 * content but the last, and its tag of 16. The frame's nonce is its number (11 bytes, big-endian) and 1 for the last
 * frame, 0 for others, as in the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015): frames can
 * neither be changed, moved, left out nor cut off. The header line is every frame's associated data. The file's key is
 * HKDF-SHA-256 of the backup key under the header's salt, so no nonce is used twice under one key.
 */
const frameBytes = 65_536
const tagBytes = 16
const longestHeader = 65_536
const format = 'cupel-backup'
const version = 1

const headerSchema = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  takenAt: z.iso.datetime(),
  /** Of Cupel, as in package.json. */
  release: z.string(),
  migrations: z.array(z.string()),
  salt: z.base64(),
  /** Tells a wrong key from a damaged file. */
  keyCheck: z.base64(),
})
export type Header = z.infer<typeof headerSchema>

const damaged = (why: string): Fault => new Fault('input-malformed', why, { retry: 'never' })

/** 32 bytes, as `openssl rand -base64 32` writes them. Throws Fault configuration-invalid; the key is not in it. */
export function readBackupKey(text: string | undefined): Buffer {
  const key = Buffer.from(text?.trim() ?? '', 'base64')
  if (key.length === 32) return key
  throw new Fault(
    'configuration-invalid',
    'CUPEL_BACKUP_KEY must hold 32 bytes in base64; make it with `openssl rand -base64 32` and keep it apart from the backups',
    { retry: 'never' },
  )
}

function derive(key: Buffer, salt: Buffer, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `cupel backup ${version} ${purpose}`, bytes))
}

function nonce(number: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUIntBE(number, 5, 6)
  bytes[11] = last ? 1 : 0
  return bytes
}

/** The file's bytes: header line and frames. */
export async function* seal(
  about: Pick<Header, 'takenAt' | 'release' | 'migrations'>,
  content: AsyncIterable<Buffer>,
  key: Buffer,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(32)
  const header: Header = {
    format,
    version,
    ...about,
    salt: salt.toString('base64'),
    keyCheck: derive(key, salt, 'check', 16).toString('base64'),
  }
  const line = Buffer.from(`${JSON.stringify(header)}\n`)
  yield line
  const fileKey = derive(key, salt, 'content', 32)
  let number = 0
  for await (const { piece, last } of pieces(content, frameBytes)) {
    const cipher = createCipheriv('aes-256-gcm', fileKey, nonce(number++, last))
    cipher.setAAD(line)
    yield Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()])
  }
}

/**
 * Reads the header, and answers it with the content, each frame of which is checked before it is handed on. Throws Fault
 * input-malformed for a file that is none, is of another version, was changed or cut, and configuration-invalid for
 * another key.
 */
export async function unseal(
  file: AsyncIterable<Buffer>,
  key: Buffer,
): Promise<{ header: Header; content: AsyncGenerator<Buffer> }> {
  const source = file[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let end = -1
  while (end < 0) {
    const { value, done } = await source.next()
    if (done || head.length > longestHeader) throw damaged('this is no backup of Cupel: it has no header')
    head = Buffer.concat([head, value])
    end = head.indexOf('\n')
  }
  const line = head.subarray(0, end + 1)
  const header = readHeader(line.toString())
  const salt = Buffer.from(header.salt, 'base64')
  if (derive(key, salt, 'check', 16).toString('base64') !== header.keyCheck)
    throw new Fault(
      'configuration-invalid',
      'the backup was made with another key than CUPEL_BACKUP_KEY, or its header was changed',
      { retry: 'never' },
    )
  const fileKey = derive(key, salt, 'content', 32)
  async function* frames(): AsyncGenerator<Buffer> {
    yield head.subarray(end + 1)
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
  }
  async function* content(): AsyncGenerator<Buffer> {
    let number = 0
    for await (const { piece, last } of pieces(frames(), frameBytes + tagBytes)) {
      const plain = open(piece, number, last)
      if (plain === null)
        throw damaged(
          last && open(piece, number, false) !== null
            ? 'the file is cut off'
            : `the file was changed or cut off: its part ${number + 1} does not match the key`,
        )
      number++
      yield plain
    }
  }
  function open(frame: Buffer, number: number, last: boolean): Buffer | null {
    if (frame.length < tagBytes) return null
    const cipher = createDecipheriv('aes-256-gcm', fileKey, nonce(number, last), { authTagLength: tagBytes })
    cipher.setAAD(line)
    cipher.setAuthTag(frame.subarray(-tagBytes))
    try {
      return Buffer.concat([cipher.update(frame.subarray(0, -tagBytes)), cipher.final()])
    } catch {
      return null
    }
  }
  return { header, content: content() }
}

function readHeader(line: string): Header {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw damaged('this is no backup of Cupel: its header cannot be read')
  }
  const known = z.object({ format: z.literal(format), version: z.number() }).safeParse(value)
  if (!known.success) throw damaged('this is no backup of Cupel')
  if (known.data.version !== version)
    throw damaged(`the backup has format ${known.data.version}; this Cupel reads format ${version}`)
  const header = headerSchema.safeParse(value)
  if (header.success) return header.data
  throw damaged('the header of the backup was changed')
}

/** Cuts a stream into pieces of one size; the last may be shorter, and is the only one when there is nothing. */
async function* pieces(
  source: AsyncIterable<Buffer>,
  size: number,
): AsyncGenerator<{ piece: Buffer; last: boolean }> {
  let waiting: Buffer[] = []
  let bytes = 0
  for await (const chunk of source) {
    waiting.push(chunk)
    bytes += chunk.length
    // One byte more than a piece: only then it is known not to be the last.
    if (bytes <= size) continue
    let rest = Buffer.concat(waiting)
    for (; rest.length > size; rest = rest.subarray(size))
      yield { piece: rest.subarray(0, size), last: false }
    waiting = [rest]
    bytes = rest.length
  }
  yield { piece: Buffer.concat(waiting), last: true }
}
