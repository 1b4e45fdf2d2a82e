import { once } from 'node:events'
import { resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type LocalChange, readLocalChange } from '../adapters/git/local-change.ts'
import type { Configuration } from '../core/configuration.ts'
import { asFault, Fault } from '../core/fault.ts'
import { renderJson } from '../core/report/json.ts'
import { renderMarkdown } from '../core/report/markdown.ts'
import { printable } from '../core/report/printable.ts'
import { countCoverage, nothingReviewed, type Report } from '../core/report/report.ts'
import { renderSarif } from '../core/report/sarif.ts'
import { renderText } from '../core/report/text.ts'
import { readRepositoryConfiguration } from '../core/repository-configuration-read.ts'
import { allowedAnalysers, toPreferences } from '../core/repository-configuration.ts'
import { compareSeverity, severities, type Severity } from '../core/review/finding.ts'
import { earlierRounds } from '../core/review/rounds.ts'
import type { Examine, ExamineDeps } from '../engine/examine.ts'

export type Wired = Omit<ExamineDeps, 'reserve'> & { configuration: Configuration }

export interface ReviewDeps {
  examine: Examine
  /** Called once the change could be read. May throw Fault configuration-invalid. */
  wire(env: Record<string, string | undefined>): Promise<Wired>
  env: Record<string, string | undefined>
  version: string
  stdin: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream & { isTTY?: boolean }
  stderr: NodeJS.WritableStream & { isTTY?: boolean }
  /** Told the exit code once, at the end: 0, 1 (--fail-on met), 2 (wrong input), 3 (nothing could be reviewed), 130 (Ctrl-C). */
  exit(code: number): void
}

const formats = ['text', 'markdown', 'json', 'sarif'] as const

interface Options {
  repo?: string
  range?: string
  patch?: string
  staged?: boolean
  format: (typeof formats)[number]
  failOn?: Severity
}

/**
 * `cupel review`: a change on this machine, reviewed by the engine that reviews pull requests. Wrong options make
 * parseAsync reject with a CommanderError, already printed, whose exitCode is 2.
 */
export function reviewCommand(deps: ReviewDeps): Command {
  const command = new Command('review')
    .description(
      'Review a local change. Without --range, --patch or --staged: the working tree against HEAD, ' +
        'staged changes included, untracked files not.',
    )
    .option('--repo <dir>', 'a folder of the repository (default: the current one)')
    .addOption(
      new Option('--range <revisions>', 'A..B, A...B (from their merge base) or one commit').conflicts([
        'patch',
        'staged',
      ]),
    )
    .addOption(new Option('--patch <file>', 'a diff; - reads it from standard input').conflicts('staged'))
    .option('--staged', 'what is staged, against HEAD')
    .addOption(new Option('--format <format>', 'of the result').choices(formats).default('text'))
    .option(
      '--fail-on <severity>',
      `exit 1 on a finding this bad or worse: ${severities.join(', ')}`,
      severity,
    )
    .configureOutput({
      writeOut: text => void deps.stdout.write(text),
      writeErr: text => void deps.stderr.write(text),
    })
    // Usage errors are input errors: 2, where commander says 1.
    .exitOverride(error => {
      throw new CommanderError(error.exitCode === 0 ? 0 : 2, error.code, error.message)
    })
  return command.action(async (options: Options) => deps.exit(await review(deps, options)))
}

function severity(value: string): Severity {
  const known = severities.find(name => name === value)
  if (known === undefined) throw new InvalidArgumentError(`Choose one of ${severities.join(', ')}.`)
  return known
}

async function review(deps: ReviewDeps, options: Options): Promise<number> {
  try {
    const change = await readLocalChange({
      repo: resolve(options.repo ?? '.'),
      // Inside a git hook these variables name the hook's repository, which --repo overrules.
      env: options.repo === undefined ? deps.env : { ...deps.env, GIT_INDEX_FILE: undefined },
      range: options.range,
      patchFile: options.patch,
      staged: options.staged,
      stdin: deps.stdin,
    })
    hint(deps, change, options)
    const report = await examineChange(deps, change)
    await write(deps.stdout, render(report, options.format, deps))
    return outcome(deps, report, options.failOn)
  } catch (error) {
    const fault = asFault(error)
    deps.stderr.write(`cupel review: ${printable(fault.message)}\n`)
    switch (fault.code) {
      case 'input-malformed':
      case 'configuration-invalid':
        return 2
      case 'superseded':
        return 130
      default:
        return 3
    }
  }
}

/** Says what a person may not expect about what is looked at. */
function hint({ stderr }: ReviewDeps, { snapshot }: LocalChange, { range, patch, staged }: Options): void {
  if (snapshot.files.length === 0) {
    const what = range ?? patch ?? (staged ? 'the index' : 'the working tree')
    stderr.write(`cupel review: there is no change in ${printable(what)}.\n`)
  } else if (patch !== undefined && snapshot.contents.size === 0) {
    stderr.write(
      'cupel review: no file here is as the patch leaves it, so the analysers have nothing to read; apply the patch first, and name its repository with --repo.\n',
    )
  }
}

async function examineChange(deps: ReviewDeps, change: LocalChange): Promise<Report> {
  const { snapshot, repositoryConfiguration } = change
  const { preferences, problems } = readRepositoryConfiguration(repositoryConfiguration?.text ?? null)
  for (const problem of problems) {
    deps.stderr.write(
      `${repositoryConfiguration?.path}:${problem.line}: ${printable(`${problem.message}; ${problem.cure}`)}\n`,
    )
  }
  const { configuration, ...wired } = await deps.wire(deps.env)
  const allowed = new Set(allowedAnalysers(preferences))
  const wished = { ...configuration, analysers: configuration.analysers.filter(name => allowed.has(name)) }
  const interrupt = new AbortController()
  const onInterrupt = (): void => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  if (deps.stderr.isTTY) deps.stderr.write(`Reviewing ${snapshot.files.length} changed files ...\n`)
  try {
    const found = await deps.examine(
      { ...wired, reserve: async () => true },
      snapshot,
      wished,
      toPreferences(preferences),
      firstRound,
      interrupt.signal,
    )
    // A terminal waits, so what came late is as good as what came in time.
    const rest = await found.whenLate
    interrupt.signal.throwIfAborted()
    return {
      findings: [...found.findings, ...rest.late],
      unanchored: found.unanchored,
      receipt: rest.receipt,
      files: snapshot.files,
    }
  } catch (error) {
    // The engine's word for it speaks of pull requests.
    if (interrupt.signal.aborted)
      throw new Fault('superseded', 'interrupted', { retry: 'never', cause: error })
    throw error
  } finally {
    process.removeListener('SIGINT', onInterrupt)
    await wired.analysers.close()
  }
}

const firstRound = earlierRounds({ count: 0, posted: [], lineDigests: {} })

function render(report: Report, format: Options['format'], deps: ReviewDeps): string {
  switch (format) {
    case 'text':
      return renderText(report, { color: deps.stdout.isTTY === true && !deps.env.NO_COLOR })
    case 'markdown':
      return renderMarkdown(report)
    case 'json':
      return renderJson(report)
    case 'sarif':
      return renderSarif(report, { version: deps.version })
  }
}

function outcome(deps: ReviewDeps, report: Report, failOn: Severity | undefined): number {
  const { stepsLost } = countCoverage(report.receipt)
  const worst = [...report.findings, ...report.unanchored]
  if (failOn !== undefined && worst.some(finding => compareSeverity(finding.severity, failOn) <= 0)) return 1
  if (nothingReviewed(report.receipt)) {
    deps.stderr.write('cupel review: nothing was reviewed, because every step failed; see the receipt.\n')
    return 3
  }
  if (stepsLost > 0) {
    deps.stderr.write(`cupel review: ${stepsLost} steps failed; the review is not complete.\n`)
  }
  return 0
}

/**
 * Resolves when the stream has taken it all: a pipe may be slower than the process's end. A reader that has enough
 * (`| head`) closes the pipe, which is no failure of the review.
 */
async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    stream.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' ? resolve() : reject(error),
    )
  })
  closed.catch(() => {})
  if (!stream.write(text)) await Promise.race([once(stream, 'drain').catch(() => closed), closed])
}
