import process from 'node:process'
import { type Bar, type Benchmark, holds, rounded } from './benchmark.ts'

/** `npm run -s bench -- NAME [--json]`. Ends with 1 when a bar is missed, with 2 when there is no such benchmark. */
const benchmarks: Record<string, () => Promise<Benchmark>> = {
  intake: async () => (await import('./intake.ts')).intake,
  review: async () => (await import('./review.ts')).review,
  memory: async () => (await import('./memory.ts')).memory,
  scoring: async () => (await import('./scoring.ts')).scoring,
}

const names = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const json = process.argv.includes('--json')
const [name = ''] = names
const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined

if (load === undefined || names.length > 1) await list()
else await measure(name, await load())

async function list(): Promise<never> {
  process.stderr.write('npm run -s bench -- NAME [--json], with NAME one of\n')
  for (const [known, open] of Object.entries(benchmarks))
    process.stderr.write(`  ${known.padEnd(10)} ${(await open()).about}\n`)
  process.exit(2)
}

async function measure(name: string, benchmark: Benchmark): Promise<void> {
  const began = performance.now()
  const { bars, figures } = await benchmark.run(line => process.stderr.write(`${name}: ${line}\n`))
  const seconds = rounded((performance.now() - began) / 1000)
  const judged = bars.map(bar => ({ ...bar, value: rounded(bar.value), holds: holds(bar) }))
  const passed = judged.every(bar => bar.holds)
  if (json) process.stdout.write(`${JSON.stringify({ name, passed, bars: judged, figures, seconds })}\n`)
  else {
    for (const bar of judged) process.stdout.write(`${bar.holds ? 'holds ' : 'MISSED'} ${written(bar)}\n`)
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n${name}: ${seconds} s\n`)
  }
  process.exitCode = passed ? 0 : 1
}

function written(bar: Bar): string {
  const limit = 'least' in bar ? `at least ${bar.least}` : `at most ${bar.most}`
  return `${bar.name}: ${bar.value} ${bar.unit} (${limit})`
}
