import { commandTable, usageOf, type CommandForm, type Need } from './command.ts'

/** Markdown for `/cupel help`. */
export function renderHelp(): string {
  const rows = commandTable.map(
    row => `| \`/cupel ${usageOf(row.form)}\` | ${row.does} | ${whoMay(row.needs, row.author)} |`,
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
export function renderRefusal(form: CommandForm, needs: Need): string {
  if (needs === 'administrator')
    return `\`/cupel ${form}\` is for Cupel’s administrators: the accounts and teams that whoever runs Cupel names in \`CUPEL_ADMINS\`. Access to this repository is not enough. Nothing was done.`
  return `\`/cupel ${form}\` needs ${needs} access to this repository. Nothing was done.`
}

/** Markdown for a command that lacks what it takes. */
export function renderIncomplete(form: CommandForm): string {
  return `Write \`/cupel ${usageOf(form)}\` on one line. Nothing was done.`
}

/** Markdown for a command that does not exist; `said` is untrusted and leaves as inline code. */
export function renderUnknown(unknown: { said: string; suggestion: CommandForm | null }): string {
  const said = unknown.said.replaceAll(/[`\p{C}\p{Zl}\p{Zp}]/gu, '�').slice(0, 80)
  const near = unknown.suggestion ? ` Did you mean \`/cupel ${unknown.suggestion}\`?` : ''
  return `There is no command \`/cupel ${said}\`.${near}\n\n${renderHelp()}`
}

function whoMay(needs: Need, author: boolean): string {
  if (needs === 'administrator') return 'administrators of Cupel'
  return `${needs} access or above${author ? ', and the author' : ''}`
}
