import type { RepositoryConfiguration } from './repository-configuration.ts'
import type { DiffLine, FileChange, Hunk } from './review/diff.ts'
import type { Finding } from './review/finding.ts'
import type { Snapshot } from './review/snapshot.ts'
import { hideSecrets } from './secrets.ts'

/** Every character but line ends becomes one asterisk: lines and columns stay where they are. */
const blank = (secret: string): string => secret.replace(/[^\r\n]/g, '*')

/** A line out of the middle of a key: a hunk may begin after the line that says so. */
const keyBody = /[A-Za-z0-9+/]{60,}={0,2}/g
/** What is given to something named like a secret. */
const assigned =
  /(?<=\b[\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api_?key|private_?key|access_?key|authorization)["'\]]{0,2}[ \t]{0,4}[:=]{1,2}[ \t]{0,4}(["'`]))[^"'`\s$<>{}()]{8,500}(?=\1)/gi

/** The text with every credential masked, line by line and column by column as long as it was. */
export function redactText(text: string): string {
  return hideSecrets(text, blank)
    .replace(keyBody, run => (/\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run) ? blank(run) : run))
    .replace(assigned, blank)
}

/**
 * A snapshot without credentials, fit to be stored: title, body, patches, contents and instructions. A line of the
 * diff is masked where its file's whole text is, too, as a hunk may show the middle of a key only.
 */
export function redactSnapshot(snapshot: Snapshot): Snapshot {
  const contents = new Map([...snapshot.contents].map(([path, text]) => [path, redactText(text)]))
  const { title, body } = snapshot.pullRequest
  return {
    ...snapshot,
    pullRequest: { ...snapshot.pullRequest, title: redactText(title), body: redactText(body) },
    files: snapshot.files.map(file => redactFile(file, snapshot.contents.get(file.path))),
    contents,
    instructions: snapshot.instructions.map(({ path, text }) => ({ path, text: redactText(text) })),
  }
}

/** What production said of it, likewise: a quote shows the very line that leaks. */
/** Instructions are texts by people, too. */
export function redactWishes(wishes: RepositoryConfiguration): RepositoryConfiguration {
  return {
    ...wishes,
    path_instructions: wishes.path_instructions.map(each => ({
      ...each,
      instructions: redactText(each.instructions),
    })),
  }
}

export function redactFinding(finding: Finding): Finding {
  const { quote, title, body, suggestion } = finding
  return {
    ...finding,
    quote: redactText(quote),
    title: redactText(title),
    body: redactText(body),
    ...(suggestion !== undefined && { suggestion: redactText(suggestion) }),
  }
}

function redactFile(file: FileChange, head: string | undefined): FileChange {
  const was = head?.split('\n')
  const is = head === undefined ? undefined : redactText(head).split('\n')
  return { ...file, hunks: file.hunks.map(hunk => redactHunk(hunk, was, is)) }
}

function redactHunk(hunk: Hunk, was: string[] | undefined, is: string[] | undefined): Hunk {
  const whole = redactLines(hunk.lines)
  const left = redactLines(hunk.lines.filter(line => line.oldLine !== undefined))
  const right = redactLines(hunk.lines.filter(line => line.newLine !== undefined))
  const lines = hunk.lines.map((line): DiffLine => {
    const at = line.newLine === undefined ? -1 : line.newLine - 1
    const inFile = was?.[at] === line.text ? is?.[at] : undefined
    const readings = [whole, left, right].map(reading => reading.get(line))
    return { ...line, text: [...readings, inFile].reduce<string>(over, line.text) }
  })
  return { ...hunk, section: redactText(hunk.section), lines }
}

function redactLines(lines: readonly DiffLine[]): Map<DiffLine, string> {
  const texts = redactText(lines.map(line => line.text).join('\n')).split('\n')
  return new Map(lines.map((line, index) => [line, texts[index] ?? line.text]))
}

/** Masked wherever one of two equally long readings is. */
function over(text: string, other: string | undefined): string {
  if (other === undefined || other.length !== text.length) return text
  return text === other
    ? text
    : Array.from({ length: text.length }, (_, at) => (other[at] === '*' ? '*' : text[at])).join('')
}
