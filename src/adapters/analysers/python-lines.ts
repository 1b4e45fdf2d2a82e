const opening = /^(\s*)(?:async\s+)?def\s/

function indentation(line: string): number {
  return /^\s*/.exec(line)![0].length
}

/** Whether the line stands in a function's body; `row` is 1-based. */
export function isInsideFunction(lines: readonly string[], row: number): boolean {
  let indent = indentation(lines[row - 1] ?? '')
  for (let at = row - 2; at >= 0 && indent > 0; at--) {
    const line = lines[at]!
    if (line.trim() === '' || indentation(line) >= indent) continue
    if (opening.test(line)) return true
    indent = indentation(line)
  }
  return false
}

/** From the line `row` of a function's head (1-based) to the function's end. */
export function bodyOf(lines: readonly string[], row: number): string {
  let head = row - 1
  while (head > 0 && !opening.test(lines[head] ?? '')) head--
  const indent = indentation(lines[head] ?? '')
  let bodyStart = row - 1
  while (bodyStart < lines.length && !/:\s*(?:#.*)?$/.test(lines[bodyStart] ?? '') && bodyStart < row + 50)
    bodyStart++
  let end = bodyStart + 1
  while (
    end < lines.length &&
    end < row + 2_000 &&
    (lines[end]!.trim() === '' || indentation(lines[end]!) > indent)
  )
    end++
  return lines
    .slice(row - 1, end)
    .join('\n')
    .slice(0, 200_000)
}

const python2 =
  /^\s*print\s+["'%\w]|^\s*except\s+[\w.]+\s*,\s*\w+\s*:|^\s*raise\s+\w+\s*,\s*["']|^\s*exec\s+["'\w]+\s+in\s/

/** Python 2, which Ruff cannot parse: says so at the top, or holds its syntax on lines that were there before. */
export function isPython2(lines: readonly string[], changed: ReadonlySet<number>): boolean {
  if (/^#!.*python2/.test(lines[0] ?? '')) return true
  const old = lines.filter(line => python2.test(line))
  return old.length >= 3 || lines.some((line, index) => !changed.has(index + 1) && python2.test(line))
}
