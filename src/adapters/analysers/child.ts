import type { AnalyserName } from '../../core/configuration.ts'
import type { AnalysedFile } from '../../ports/analyser.ts'
import { concerns } from './concern.ts'
import type { Answer, Examination, Request } from './protocol.ts'
import { reportOf } from './report.ts'

/**
 * The process in which untrusted files meet the parsers. Only started by host.ts, with an empty
 * environment; it reads requests from its parent and answers analyser by analyser.
 */
function send(answer: Answer): Promise<void> {
  return new Promise(resolve => (process.send ? process.send(answer, () => resolve()) : resolve()))
}

async function examine(name: AnalyserName, files: readonly AnalysedFile[]): Promise<Examination> {
  if (!files.some(file => concerns(name, file.path))) return { paths: [], hits: [], failed: false }
  switch (name) {
    case 'oxlint':
      return (await import('./oxlint.ts')).examineWithOxlint(files)
    case 'ruff':
      return (await import('./ruff.ts')).examineWithRuff(files)
    case 'secretlint':
      return (await import('./secretlint.ts')).examineWithSecretlint(files)
    case 'actionlint':
      return (await import('./actionlint.ts')).examineWithActionlint(files)
    case 'ast-grep':
      return (await import('./ast-grep.ts')).examineWithAstGrep(files)
  }
}

async function answer(id: number, name: AnalyserName, files: readonly AnalysedFile[]): Promise<void> {
  await send({ kind: 'started', id, analyser: name })
  const began = performance.now()
  const found = await examine(name, files).catch((): Examination => ({ paths: [], hits: [], failed: true }))
  await send({ kind: 'report', id, report: reportOf(name, found, performance.now() - began) })
}

async function take(request: Request): Promise<void> {
  // oxlint is a process of its own and runs beside the others, which share this thread one by one.
  const beside = request.names.includes('oxlint') ? answer(request.id, 'oxlint', request.files) : undefined
  for (const name of request.names) if (name !== 'oxlint') await answer(request.id, name, request.files)
  await beside
}

process.on('message', (request: Request) => void take(request))
process.on('disconnect', () => process.exit())
