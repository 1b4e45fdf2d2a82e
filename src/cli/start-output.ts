import process from 'node:process'
import type { DemoOutput } from '../../sandbox/demo.ts'
import { coloured, plain } from '../../sandbox/show/markdown.ts'

/** Standard output for what stays, standard error for what is overwritten. */
export function terminal(): DemoOutput {
  const { stdout, stderr } = process
  const colour = stdout.isTTY && !process.env['NO_COLOR']
  let open = false
  const clear = (): void => {
    if (open) stderr.write('\r\u001B[K')
    open = false
  }
  return {
    width: stdout.columns ?? 100,
    paint: colour ? coloured : plain,
    print(line) {
      clear()
      stdout.write(`${line}\n`)
    },
    progress(line) {
      clear()
      if (!stderr.isTTY) return
      stderr.write(line)
      open = true
    },
  }
}
