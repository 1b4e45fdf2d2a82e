import type pg from 'pg'

/** The part of node-postgres's connection that COPY needs; its types leave it out. */
interface Wire {
  stream: NodeJS.ReadWriteStream & { writableNeedDrain: boolean }
  query(sql: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
  sendCopyFail(why: string): void
}

/** What node-postgres calls while a query of this kind is under way. */
interface Copying {
  submit(wire: Wire): void
  handleCopyInResponse(wire: Wire): void
  handleCopyData(message: { chunk: Buffer }, wire: Wire): void
  handleCommandComplete(message: { text: string }): void
  handleError(error: Error): void
  handleReadyForQuery(): void
}

const pieceBytes = 65_536

function begin(client: pg.ClientBase, sql: string, on: Partial<Copying>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let rows = 0
  const copying: Copying = {
    submit: wire => wire.query(sql),
    handleCopyInResponse: wire => wire.sendCopyFail('nothing is copied in here'),
    handleCopyData: () => {},
    handleCommandComplete: ({ text }) => (rows = Number(/^COPY (\d+)$/.exec(text)?.[1])),
    handleError: reject,
    handleReadyForQuery: () => resolve(rows),
    ...on,
  }
  client.query(copying as unknown as pg.Submittable)
  return promise
}

/** Runs a `copy … to stdout` and answers its rows as text; the value returned at the end is their count. */
export async function* copyOut(client: pg.ClientBase, sql: string): AsyncGenerator<Buffer, number> {
  let chunks: Buffer[] = []
  let bytes = 0
  let wire: Wire | undefined
  let wake = (): void => {}
  let ended = false
  const done = begin(client, sql, {
    handleCopyData({ chunk }, from) {
      wire = from
      // Its memory is used again for the next message.
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      if (bytes < pieceBytes) return
      from.stream.pause()
      wake()
    },
  })
  const end = (): void => {
    ended = true
    wake()
  }
  done.then(end, end)
  try {
    for (;;) {
      if (bytes < pieceBytes && !ended) await new Promise<void>(resolve => (wake = resolve))
      const piece = Buffer.concat(chunks)
      chunks = []
      bytes = 0
      if (piece.length > 0) yield piece
      wire?.stream.resume()
      if (ended && chunks.length === 0) return await done
    }
  } finally {
    // Whoever stops listening ends the connection, which a paused one would not notice.
    wire?.stream.resume()
  }
}

/** Runs a `copy … from stdin` over the rows given; answers how many the server took. A failing source fails the statement. */
export async function copyIn(
  client: pg.ClientBase,
  sql: string,
  rows: AsyncIterable<Buffer>,
): Promise<number> {
  let sending: Promise<void> = Promise.resolve()
  let failed: unknown
  let over = false
  const copied = await begin(client, sql, {
    handleCopyInResponse(wire) {
      sending = send(wire).catch((error: unknown) => {
        failed = error
        wire.sendCopyFail('the source failed')
      })
    },
  }).catch((error: unknown) => {
    over = true
    throw failed ?? error
  })
  await sending
  return copied

  async function send(wire: Wire): Promise<void> {
    for await (const chunk of rows) {
      if (over) return
      wire.sendCopyFromChunk(chunk)
      if (wire.stream.writableNeedDrain) await new Promise(resolve => wire.stream.once('drain', resolve))
    }
    wire.endCopyFrom()
  }
}
