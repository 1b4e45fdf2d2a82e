import type { Configuration } from '../../src/core/configuration.ts'
import { sha256 } from '../../src/core/ids.ts'
import type { Likeness, Statement } from '../../src/core/label.ts'
import type { Candidate, Finding } from '../../src/core/review/finding.ts'
import { parsePatch } from '../../src/core/review/patch.ts'
import type { FileChange } from '../../src/core/review/diff.ts'
import type { Receipt, Step } from '../../src/core/review/receipt.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import { earlierRounds } from '../../src/core/review/rounds.ts'
import type { Preferences } from '../../src/engine/types.ts'
import type { AnalyserReport, Analysers } from '../../src/ports/analyser.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Models, ModelRequest } from '../../src/ports/model.ts'
import type { ModelChoice } from '../../src/core/configuration.ts'

/** Time that passes only when everybody waits: the earliest sleeper wakes as soon as the event loop is idle. */
export function fakeClock(): Clock {
  let now = 0
  let sleepers: { at: number; wake: () => void }[] = []
  let scheduled = false
  const tick = () => {
    scheduled = false
    sleepers.sort((a, b) => a.at - b.at)
    const next = sleepers.shift()
    if (!next) return
    now = Math.max(now, next.at)
    next.wake()
    schedule()
  }
  const schedule = () => {
    if (scheduled) return
    scheduled = true
    setImmediate(() => setImmediate(tick))
  }
  return {
    now: () => new Date(now),
    elapsed: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter(other => other !== sleeper)
          reject(signal.reason as Error)
        })
        schedule()
      }),
  }
}

type Asked = { choice: ModelChoice; request: ModelRequest<unknown> }
/** Plays a model: the value answered is streamed element by element first. Throw to fail. */
export type Script = (asked: Asked, signal: AbortSignal) => Promise<unknown>

export function fakeModels(script: Script, missing: readonly string[] = []): Models & { asked: Asked[] } {
  const asked: Asked[] = []
  return {
    asked,
    has: provider => !missing.includes(provider),
    async ask(choice, request, limits) {
      asked.push({ choice, request })
      const answer = await script({ choice, request }, limits.signal)
      const value = request.schema.type.parse(answer)
      return {
        value,
        usage: { inputTokens: 100, cachedInputTokens: 0, outputTokens: 10, usd: 0.001 },
        latencyMs: 1,
        repaired: false,
      }
    },
  }
}

export function fakeAnalysers(reports: readonly AnalyserReport[] = []): Analysers {
  return {
    analyse: async names => reports.filter(report => names.includes(report.analyser)),
    close: async () => {},
  }
}

export function fileOf(path: string, patch: string): FileChange {
  const parsed = parsePatch(patch)
  return { path, status: 'modified', omitted: 'none', additions: 1, deletions: 1, hunks: parsed.hunks }
}

export function snapshotOf(files: FileChange[], more: Partial<Snapshot['pullRequest']> = {}): Snapshot {
  return {
    repository: { id: 1, owner: 'acme', name: 'shop' },
    pullRequest: {
      number: 7,
      title: 'Change',
      body: '',
      author: 'ann',
      baseSha: 'a'.repeat(40),
      headSha: 'b'.repeat(40),
      ...more,
    },
    files,
    filesTruncated: false,
    contents: new Map(),
    instructions: [],
  }
}

export const primary: ModelChoice = { provider: 'openai', model: 'first', maxOutputTokens: 4_000 }
export const secondary: ModelChoice = { provider: 'anthropic', model: 'second', maxOutputTokens: 4_000 }

export function configurationOf(more: Partial<Configuration> = {}): Configuration {
  return {
    version: 1,
    routing: { strategy: 'primary', primary },
    prompt: 'review@1',
    technique: { pass: 'single-pass', analysersFirst: false, selfCheck: false },
    analysers: [],
    limits: {
      deadlineMs: 2_500,
      abortMs: 60_000,
      files: 100,
      fileBytes: 400_000,
      callTokens: 60_000,
      reviewTokens: 400_000,
      reviewUsd: 1,
      parallelCalls: 8,
      minConfidence: 0.3,
    },
    ...more,
  }
}

export const preferences: Preferences = {
  includes: () => true,
  instructionsFor: () => [],
  severityFloor: 'info',
  maxComments: 20,
  language: 'en',
  analysers: true,
}

export const firstRound = earlierRounds({ count: 0, posted: [], lineDigests: {} })

export function candidateOf(more: Partial<Candidate> = {}): Candidate {
  return {
    path: 'src/a.ts',
    quote: 'const b = 2',
    side: 'RIGHT',
    severity: 'medium',
    category: 'correctness',
    confidence: 0.8,
    title: 'Wrong sum',
    body: 'The sum is wrong.',
    source: 'openai/first',
    ...more,
  }
}

export function findingOf(more: Partial<Finding> = {}): Finding {
  const source = more.source ?? 'openai/first'
  return {
    ...candidateOf(),
    startLine: 2,
    line: 2,
    fingerprint: sha256(JSON.stringify(more)).slice(0, 32),
    sources: [source],
    ...more,
  }
}

export function stepOf(more: Partial<Step> = {}): Step {
  return {
    kind: 'model',
    name: 'openai/first',
    subject: 'src/a.ts',
    outcome: 'ok',
    paths: ['src/a.ts'],
    latencyMs: 1_200,
    ...more,
  }
}

/** One file, seen by one model. */
export function receiptOf(more: Partial<Receipt> = {}): Receipt {
  return {
    files: [
      {
        path: 'src/a.ts',
        change: { status: 'modified', additions: 2, deletions: 1 },
        coverage: 'seen',
        hunks: 1,
        hunksSeen: 1,
      },
    ],
    steps: [stepOf()],
    leftOut: [],
    filesNotListed: false,
    ...more,
  }
}

/** Two statements are about one issue when both begin with the same line of text on the same line of code. */
export const wordForWord: Likeness = {
  group: statements => [...Map.groupBy(statements.keys(), at => wordsOf(statements[at])).values()],
  to: labels => findings =>
    findings.map(finding => {
      const index = labels.findIndex(label => wordsOf(label) === wordsOf(finding))
      return index < 0 ? null : index
    }),
}

function wordsOf(statement: Statement | undefined): string {
  return `${statement?.path}:${statement?.line} ${statement?.text.split('\n')[0]}`
}
