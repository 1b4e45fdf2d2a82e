import { readdirSync, readFileSync } from 'node:fs'
import { Fault } from '../core/fault.ts'

const folder = new URL('../core/review/prompts/', import.meta.url)
const read = new Map<string, string>()

export function hasPrompt(name: string): boolean {
  return promptText(name) !== null
}

/** Null for a prompt that this version does not have. */
export function promptText(name: string): string | null {
  try {
    return promptTemplate(name)
  } catch {
    return null
  }
}

/** Every prompt of this version. */
export function promptNames(): string[] {
  return readdirSync(folder).map(file => file.replace(/\.md$/, ''))
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
