import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline/promises'

/** Somebody who is asked: at a terminal by single keys, through a pipe by lines. Null: they are gone. */
export interface Terminal {
  color: boolean
  say(...lines: string[]): void
  key(prompt: string): Promise<string | null>
  line(prompt: string): Promise<string | null>
  close(): void
}

export function openTerminal(): Terminal {
  const { stdin, stdout } = process
  const color = stdout.isTTY && stdout.hasColors() && !process.env['NO_COLOR']
  const say = (...lines: string[]): void => void stdout.write(`${lines.join('\n')}\n`)
  if (stdin.isTTY) return { color, say, key: pressed, line: typed, close: () => stdin.pause() }
  const lines = createInterface({ input: stdin })[Symbol.asyncIterator]()
  const next = async (prompt: string): Promise<string | null> => {
    stdout.write(prompt)
    const { value, done } = await lines.next()
    stdout.write('\n')
    return done ? null : value.trim()
  }
  return { color, say, key: next, line: next, close: () => stdin.destroy() }
}

async function pressed(prompt: string): Promise<string | null> {
  const { stdin, stdout } = process
  // Before the prompt, or a quick key is echoed besides.
  stdin.setRawMode(true).resume()
  stdout.write(prompt)
  const [chunk] = (await once(stdin, 'data')) as [Buffer]
  stdin.setRawMode(false).pause()
  const key = chunk.toString()
  // Ctrl-C and Ctrl-D are bytes like others in raw mode.
  const gone = key === '\u0003' || key === '\u0004'
  stdout.write(gone ? '\n' : `${key.trim()}\n`)
  return gone ? null : key
}

async function typed(prompt: string): Promise<string | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const left = new AbortController()
  terminal.once('close', () => left.abort())
  try {
    return (await terminal.question(prompt, { signal: left.signal })).trim()
  } catch {
    return null
  } finally {
    terminal.close()
  }
}
