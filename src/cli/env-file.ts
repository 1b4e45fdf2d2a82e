import { chmod, readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { Fault } from '../core/fault.ts'

/** The text of the file; '' when there is none. */
export async function readEnvFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/**
 * The text with these variables set. A line that names one without a value is filled where it stands; everything else,
 * comments and order included, is kept. Throws Fault configuration-invalid for a variable that has a value: it is
 * not ours to lose.
 */
export function withVariables(text: string, values: Readonly<Record<string, string>>): string {
  const known = parseEnv(text)
  let result = text === '' || text.endsWith('\n') ? text : `${text}\n`
  for (const [name, value] of Object.entries(values)) {
    if (known[name])
      throw new Fault('configuration-invalid', `${name} has a value already; remove it first`, {
        retry: 'never',
      })
    const line = `${name}=${quoted(value)}`
    const empty = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*(?:""|'')?[ \\t]*\\r?$`, 'm')
    result = empty.test(result) ? result.replace(empty, () => line) : `${result}${line}\n`
  }
  return result
}

/** Bare where every reader of such files agrees, also those that know no quotes. */
function quoted(value: string): string {
  if (/^[\w+/=.:@-]*$/.test(value)) return value
  if (!/['\r\n]/.test(value)) return `'${value}'`
  throw new Fault('configuration-invalid', 'a value holds a quote and cannot be written to the file', {
    retry: 'never',
  })
}

/** Whole or not at all, readable by its owner only; through a symbolic link, not over it. */
export async function writeEnvFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const draft = `${target}.${process.pid}.new`
  await writeFile(draft, text, { mode: 0o600 })
  await chmod(draft, 0o600)
  await rename(draft, target)
}
