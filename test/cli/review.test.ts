import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { reviewCommand } from '../../src/cli/review.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Finding } from '../../src/core/review/finding.ts'
import type { Step } from '../../src/core/review/receipt.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import type { Examine } from '../../src/engine/examine.ts'

let repo = ''
const git = (...args: string[]): string =>
  String(execFileSync('git', ['-C', repo, '-c', 'user.name=T', '-c', 'user.email=t@example.com', ...args]))

beforeAll(() => {
  repo = mkdtempSync(join(tmpdir(), 'cupel-review-'))
  git('init', '-q')
  writeFileSync(join(repo, 'a.js'), 'one\ntwo\n')
  writeFileSync(join(repo, 'AGENTS.md'), 'base rules\n')
  git('add', '.')
  git('commit', '-q', '-m', 'first')
  writeFileSync(join(repo, 'a.js'), 'one\nTWO \u001b[31m\n')
  writeFileSync(join(repo, 'AGENTS.md'), 'hostile rules\n')
})
afterAll(() => rmSync(repo, { recursive: true, force: true }))

type Script = 'finds' | 'loses all' | 'loses one' | 'is late' | 'throws' | 'waits' | 'is late and waits'

function findingsOf(snapshot: Snapshot): Finding[] {
  return snapshot.files.flatMap(file =>
    file.hunks.flatMap(hunk =>
      hunk.lines
        .filter(line => line.kind === 'added')
        .map(line => ({
          path: file.path,
          quote: line.text,
          side: 'RIGHT' as const,
          startLine: line.newLine!,
          line: line.newLine!,
          severity: 'high' as const,
          category: 'correctness' as const,
          confidence: 0.9,
          title: 'Bad \u001b]0;title',
          body: `rules: ${snapshot.instructions.map(one => one.text).join('')}`,
          source: 'fake/rule',
          sources: ['fake/rule'],
          fingerprint: 'f1',
        })),
    ),
  )
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))

function patchOf(path: string): string {
  return `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-a\n+b\n`
}

/** Finds one thing on every added line, or does as the script says. */
function examiner(script: Script, waiting: () => void): Examine {
  return async (_, snapshot, _configuration, _preferences, _rounds, signal) => {
    if (script === 'throws') throw new Error('a bug \u001b[31m')
    if (script === 'waits') {
      const abort = aborted(signal)
      waiting()
      await abort
      throw new Fault('superseded', 'A newer head took its place.', { retry: 'never' })
    }
    const lost = script === 'loses all'
    const late = script.startsWith('is late')
    const step = (name: string, outcome: Step['outcome']): Step => ({
      kind: 'analyser',
      name,
      subject: 'all',
      outcome,
      paths: [],
      latencyMs: 1,
    })
    const receipt = (first: Step['outcome']) => ({
      files: snapshot.files.map(file => ({
        path: file.path,
        coverage: lost ? ('skipped' as const) : ('seen' as const),
        hunks: file.hunks.length,
        hunksSeen: lost ? 0 : file.hunks.length,
      })),
      steps: [step('fake', first), ...(script === 'loses one' ? [step('other', 'failed')] : [])],
      leftOut: [],
      filesNotListed: false,
    })
    const so = { lineDigests: {}, usd: 0, latencyMs: 1 }
    const end = receipt(lost ? 'failed' : 'ok')
    const rest = { ...so, receipt: end, late: late ? findingsOf(snapshot) : [] }
    const abort = aborted(signal)
    if (script === 'is late and waits') waiting()
    return {
      ...so,
      findings: lost || late ? [] : findingsOf(snapshot),
      late: [],
      unanchored: [],
      leftOut: [],
      receipt: late ? receipt('late') : end,
      pending: late,
      whenLate: script === 'is late and waits' ? abort.then(() => rest) : Promise.resolve(rest),
    }
  }
}

interface Run {
  script?: Script
  stdin?: string
  /** Called when the examination waits. */
  waiting?: () => void
  wrongEnvironment?: boolean
}

async function run(args: string[], options: Run = {}) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  let code: number | undefined
  let closed = 0
  const command = reviewCommand({
    examine: examiner(options.script ?? 'finds', options.waiting ?? (() => {})),
    wire: async () => {
      if (options.wrongEnvironment) {
        throw new Fault('configuration-invalid', 'CUPEL_PRICES is wrong', { retry: 'never' })
      }
      return {
        models: { has: () => false, ask: async () => Promise.reject(new Error('no model')) },
        analysers: { analyse: async () => [], close: async () => void closed++ },
        clock: { now: () => new Date(0), elapsed: () => 0, sleep: async () => {} },
        configuration: { analysers: [] } as never,
      }
    },
    env: process.env,
    version: '0.1.0',
    stdin: Readable.from([options.stdin ?? '']),
    stdout,
    stderr,
    exit: exitCode => (code = exitCode),
  })
  try {
    await command.parseAsync(args, { from: 'user' })
  } catch (error) {
    code = (error as { exitCode: number }).exitCode
  }
  return { code, closed, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

it('prints one JSON object and nothing else, with instructions of the base side', async () => {
  const { code, stdout } = await run(['--repo', repo, '--format', 'json'])
  expect(code).toBe(0)
  const { findings, receipt } = JSON.parse(stdout)
  expect(findings).toContainEqual(
    expect.objectContaining({ path: 'a.js', side: 'RIGHT', startLine: 2, line: 2 }),
  )
  expect(findings[0].body).toBe('rules: base rules\n')
  expect(receipt.files).toHaveLength(2)
})

it('lets no control character of the change reach the terminal', async () => {
  const { stdout } = await run(['--repo', repo])
  expect(stdout).toContain('2 |  TWO \\x1b[31m')
  expect(stdout).not.toContain('\u001b')
})

it('makes SARIF with regions and fingerprints', async () => {
  const { stdout } = await run(['--repo', repo, '--format', 'sarif'])
  const [one] = JSON.parse(stdout).runs
  expect(one.results[1]).toMatchObject({
    ruleId: 'fake/rule',
    level: 'error',
    partialFingerprints: { 'cupelFinding/v1': 'f1' },
  })
  expect(one.results[1].locations[0].physicalLocation.region).toEqual({ startLine: 2, endLine: 2 })
  expect(one.invocations[0].executionSuccessful).toBe(true)
})

it.each<[string, string[], Run, number, string]>([
  ['--fail-on met', ['--fail-on', 'medium'], {}, 1, ''],
  ['--fail-on not met', ['--fail-on', 'critical'], {}, 0, ''],
  ['nothing reviewed', [], { script: 'loses all' }, 3, 'nothing was reviewed'],
  ['--fail-on the very severity', ['--fail-on', 'high'], {}, 1, ''],
  ['--fail-on met by what came late', ['--fail-on', 'high'], { script: 'is late' }, 1, ''],
  ['--fail-on met and a step lost', ['--fail-on', 'high'], { script: 'loses one' }, 1, ''],
  ['a step lost', [], { script: 'loses one' }, 0, '1 steps failed; the review is not complete'],
  ['nothing reviewed under --fail-on', ['--fail-on', 'info'], { script: 'loses all' }, 3, 'nothing was'],
  ['a bug', [], { script: 'throws' }, 3, 'a bug \\x1b[31m'],
  ['wrong environment', [], { wrongEnvironment: true }, 2, 'CUPEL_PRICES is wrong'],
  ['unknown option', ['--no-such'], {}, 2, 'unknown option'],
  ['unknown format', ['--format', 'xml'], {}, 2, 'Allowed choices are'],
  ['range with patch', ['--range', 'HEAD', '--patch', 'x'], {}, 2, 'cannot be used with'],
  ['range with staged', ['--range', 'HEAD', '--staged'], {}, 2, 'cannot be used with'],
  ['patch with staged', ['--patch', 'x', '--staged'], {}, 2, 'cannot be used with'],
  ['help', ['--help'], {}, 0, ''],
  ['unknown severity', ['--fail-on', 'bad'], {}, 2, 'Choose one of'],
  ['unknown revision', ['--range', 'nope..HEAD'], {}, 2, 'knows no commit "nope"'],
  ['option as revision', ['--range=--output=x'], {}, 2, 'knows no commit'],
  ['missing patch', ['--patch', '/does/not/exist'], {}, 2, 'cannot be read'],
  ['no diff on stdin', ['--patch', '-'], { stdin: 'hello' }, 2, 'holds no diff'],
  ['root commit', ['--range', 'HEAD', '--fail-on', 'high'], {}, 1, ''],
  ['nothing staged', ['--staged', '--fail-on', 'info'], {}, 0, 'there is no change in the index'],
  ['an empty range', ['--range', 'HEAD..HEAD'], {}, 0, 'there is no change in HEAD..HEAD'],
  ['a patch of other files', ['--patch', '-'], { stdin: patchOf('gone.js') }, 0, 'apply the patch first'],
])('exits as promised: %s', async (_, args, options, expected, message) => {
  const { code, stderr } = await run(['--repo', repo, ...args], options)
  expect(stderr).toContain(message)
  expect(code).toBe(expected)
})

it.each<Script>(['waits', 'is late and waits'])(
  'ends with 130 on Ctrl-C, prints no review and closes the analysers, where the engine %s',
  async script => {
    const before = process.listeners('SIGINT')
    const interrupt = () => {
      for (const listener of process.listeners('SIGINT')) if (!before.includes(listener)) listener('SIGINT')
    }
    const { code, closed, stdout, stderr } = await run(['--repo', repo], { script, waiting: interrupt })
    expect({ code, closed, stdout, stderr }).toEqual({
      code: 130,
      closed: 1,
      stdout: '',
      stderr: 'cupel review: interrupted\n',
    })
    expect(process.listeners('SIGINT')).toEqual(before)
  },
)

it('reads a patch from standard input, and no contents from outside the repository', async () => {
  const stdin = 'diff --git a/../x b/../x\n--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n'
  const { stdout } = await run(['--repo', repo, '--patch', '-', '--format', 'json'], { stdin })
  expect(JSON.parse(stdout).findings).toMatchObject([{ path: '../x', line: 1 }])
})
