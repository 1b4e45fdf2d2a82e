import { readFileSync } from 'node:fs'
import { Fault } from '../core/fault.ts'

const folder = new URL('../core/review/prompts/', import.meta.url)
const read = new Map<string, string>()

export function hasPrompt(name: string): boolean {
  try {
    return promptTemplate(name) !== ''
  } catch {
    return false
  }
}

/** A prompt template by name and version (`review@1`), read once. Throws Fault configuration-invalid for an unknown one. */
export function promptTemplate(name: string): string {
  const known = read.get(name)
  if (known !== undefined) return known
  if (!/^[a-z-]+@\d+$/.test(name))
    throw new Fault('configuration-invalid', 'A prompt is named like review@1.', { retry: 'never' })
  try {
    const text = readFileSync(new URL(`${name}.md`, folder), 'utf8')
    read.set(name, text)
    return text
  } catch (cause) {
    throw new Fault('configuration-invalid', `There is no prompt ${name}.`, { retry: 'never', cause })
  }
}
