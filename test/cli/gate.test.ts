import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const bin = fileURLToPath(new URL('../../bin/cupel.js', import.meta.url))

const decideOn = (lines: readonly object[], ...args: string[]) =>
  decideOnText(lines.map(line => JSON.stringify(line)).join('\n'), ...args)

async function decideOnText(input: string, ...args: string[]) {
  const child = spawn(process.execPath, [bin, 'gate', 'decide', '--stream', ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(input)
  const code = new Promise<number>(done => child.once('close', status => done(status ?? -1)))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const verdicts = out
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)
  return { code: await code, verdicts, err }
}

it('cupel gate decide --stream prints a verdict after each line, and names the line it cannot read', async () => {
  const run = { kind: 'run', state: 'done', latencyMs: 900 }
  const { code, verdicts, err } = await decideOn([run, run, { kind: 'runs' }, run])
  expect(verdicts.map(verdict => [verdict['line'], verdict['answer']])).toEqual([
    [1, 'wait'],
    [2, 'wait'],
  ])
  expect(verdicts[1]?.['criteria']).toMatchObject({
    latency: { n: 2, value: 1, required: 0.95, state: 'open' },
  })
  expect(err).toBe('line 3: kind: not one of the allowed words; did you mean `run`?\n')
  expect(code).toBe(2)
})

it('with --answers it prints trials and changes only', async () => {
  const failed = { kind: 'run', state: 'failed' }
  const { code, verdicts } = await decideOn(
    [
      { kind: 'trial', name: 'a' },
      ...Array.from({ length: 9 }, () => failed),
      { kind: 'trial', name: 'b' },
      failed,
    ],
    '--answers',
  )
  expect(verdicts).toEqual([
    { line: 1, trial: 'a', answer: 'wait', pullRequests: 0 },
    { line: 4, trial: 'a', answer: 'quarantine', pullRequests: 0 },
    { line: 11, trial: 'b', answer: 'wait', pullRequests: 0 },
  ])
  expect(code).toBe(0)
})

it('a byte order mark at the start and lines that end with CRLF are read', async () => {
  const run = '{"kind":"run","state":"done","latencyMs":900}'
  const { code, verdicts, err } = await decideOnText(`\uFEFF${run}\r\n\r\n${run}\r\n`)
  expect(verdicts.map(verdict => verdict['line'])).toEqual([1, 3])
  expect({ code, err }).toEqual({ code: 0, err: '' })
})
