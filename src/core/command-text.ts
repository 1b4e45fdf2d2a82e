import { commandTable, type CommandForm, type Permission } from './command.ts'

/** Markdown for `/cupel help`. */
export function renderHelp(): string {
  const rows = commandTable.map(
    row => `| \`/cupel ${row.form}\` | ${row.does} | ${whoMay(row.needs, row.author)} |`,
  )
  return [
    'Write a command as a line of its own in a new comment; edited comments are not read.',
    '',
    '| command | what it does | who may give it |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n')
}

/** Markdown for somebody who may not give this command. */
export function renderRefusal(form: CommandForm, needs: Permission): string {
  return `\`/cupel ${form}\` needs ${needs} access to this repository. Nothing was done.`
}

/** Markdown for a command that does not exist; `said` is untrusted and leaves as inline code. */
export function renderUnknown(unknown: { said: string; suggestion: CommandForm | null }): string {
  const said = unknown.said.replaceAll(/[`\p{C}\p{Zl}\p{Zp}]/gu, '�').slice(0, 80)
  const near = unknown.suggestion ? ` Did you mean \`/cupel ${unknown.suggestion}\`?` : ''
  return `There is no command \`/cupel ${said}\`.${near}\n\n${renderHelp()}`
}

function whoMay(needs: Permission, author: boolean): string {
  return `${needs} access or above${author ? ', and the author' : ''}`
}
