import process from 'node:process'
import { parseArgs } from 'node:util'
import { accuracyCases } from './gate/accuracy.ts'
import { jsonOf, type Case, type Settings } from './gate/cases.ts'
import { manyCases } from './gate/many.ts'
import { pairCases } from './gate/pairs.ts'
import { runCases } from './gate/runs.ts'
import { volunteeredCases } from './gate/volunteered.ts'
import { wholeCases } from './gate/whole.ts'

/**
 * `npm run -s bench:gate -- [--json] [--runs N] [--seed N]`: the gate against known truths, beside simpler rules. With --json
 * the table goes to standard error.
 */
const usage = 'npm run -s bench:gate -- [--json] [--runs N] [--seed N]\n'
const asked = settingsOf(process.argv.slice(2))
if (asked === null) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  const began = performance.now()
  const parts: ((settings: Settings) => Case[])[] = [
    accuracyCases,
    wholeCases,
    volunteeredCases,
    manyCases,
    runCases,
    pairCases,
  ]
  const table = asked.json ? process.stderr : process.stdout
  const cases = parts.flatMap(part => {
    const done = part(asked)
    for (const each of done) table.write(`${lines(each)}\n`)
    return done
  })
  const seconds = (performance.now() - began) / 1000
  table.write(
    `\n${asked.runs} runs a cell, seed ${asked.seed}, checked after every sample, ${seconds.toFixed(0)} s\n`,
  )
  if (asked.json) process.stdout.write(`${jsonOf(cases)}\n`)
  if (!cases.every(each => each.holds)) process.exitCode = 1
}

function settingsOf(args: string[]): (Settings & { json: boolean }) | null {
  try {
    const { values } = parseArgs({
      args,
      options: { json: { type: 'boolean' }, runs: { type: 'string' }, seed: { type: 'string' } },
    })
    const [runs, seed] = [Number(values.runs ?? 2000), Number(values.seed ?? 1)]
    if (!Number.isInteger(runs) || runs < 10 || !Number.isInteger(seed) || seed < 0) return null
    return { runs, seed, json: values.json ?? false }
  } catch {
    return null
  }
}

function lines(each: Case): string {
  const bar = `${each.at === 'most' ? '<=' : '>='} ${round(each.bar)}`
  const error = each.error === null ? '' : ` ± ${round(each.error)}`
  const simpler = Object.entries(each.simpler).map(([name, value]) => `       ${name}: ${round(value)}`)
  return [
    `${each.holds ? 'holds ' : 'MISSED'} ${each.case}: ${round(each.value)}${error} (bar ${bar})`,
    ...simpler,
  ].join('\n')
}

function round(value: number): number {
  return Number(value.toFixed(4))
}
