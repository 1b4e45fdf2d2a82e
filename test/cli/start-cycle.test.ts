import { tmpdir } from 'node:os'
import { beforeEach, expect, it } from 'vitest'
import { firstMissing } from '../../sandbox/cycle/life.ts'
import { plain } from '../../sandbox/show/markdown.ts'
import { startCycle } from '../../src/cli/start-cycle.ts'

const steps = ['promotion and quarantine', 'full release', 'rollback', 're-evaluation', 'sound end']
let printed: string[]
const output = { width: 100, paint: plain, print: (line: string) => void printed.push(line), progress() {} }

/** A life whose steps are all seen but one. */
async function exitCode(leftOut: string | null): Promise<{ code: number; lived: string[] }> {
  const lived: string[] = []
  const stages = steps.map(step => async () => {
    lived.push(step)
    return step === leftOut ? [`no ${step}`] : []
  })
  const code = await startCycle({ dataDir: tmpdir() }, { live: () => firstMissing(stages), output })
  return { code, lived }
}

beforeEach(() => void (printed = []))

it('a life in which every step was seen ends with exit code 0', async () => {
  expect(await exitCode(null)).toEqual({ code: 0, lived: steps })
  expect(printed).toEqual(['✓ promoted, quarantined, rolled back and tried again: nothing is missing'])
})

it.each(steps)('a life without its %s ends there with exit code 1 and says so', async step => {
  expect(await exitCode(step)).toEqual({ code: 1, lived: steps.slice(0, steps.indexOf(step) + 1) })
  expect(printed).toEqual([`✗ no ${step}`])
})

it('a life that breaks off is no success', async () => {
  const live = () => Promise.reject(new Error('the database is gone'))
  await expect(startCycle({ dataDir: tmpdir() }, { live, output })).rejects.toThrow('the database is gone')
})
