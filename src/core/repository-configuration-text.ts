import { stringify } from 'yaml'
import { defaultConfiguration, type RepositoryConfiguration } from './repository-configuration.ts'
import type { Problem } from './yaml-document.ts'

const shown = 20

/** Markdown for the pull request; '' when there is nothing to say. */
export function renderProblems(problems: readonly Problem[]): string {
  if (problems.length === 0) return ''
  const lines = problemLines(problems).map(line => `- ${line}`)
  return [
    `**\`.github/cupel.yml\`: ${problems.length} ${problems.length === 1 ? 'entry was' : 'entries were'} not used**`,
    '',
    ...lines,
    '',
    'Defaults hold in their place. The file is read from the base branch.',
  ].join('\n')
}

/** One line of Markdown a problem, at most 20 and how many more there are. */
export function problemLines(problems: readonly Problem[]): string[] {
  const lines = problems.slice(0, shown).map(problem => {
    const key = problem.key === '' ? '' : ` ${code(problem.key)}`
    return `line ${problem.line}, column ${problem.column}${key}: ${problem.message}; ${problem.cure}`
  })
  return problems.length > shown ? [...lines, `and ${problems.length - shown} more`] : lines
}

/** Markdown for `/cupel config`: every key with the value in force, marked where it is not the default. */
export function effectiveConfiguration(configuration: RepositoryConfiguration): string {
  const defaults: Record<string, unknown> = { ...defaultConfiguration() }
  const yaml = Object.entries(configuration)
    .map(([key, value]) => {
      const changed = JSON.stringify(value) !== JSON.stringify(defaults[key])
      return `${changed ? '# set by this repository\n' : ''}${stringify({ [key]: value })}`
    })
    .join('')
  const longestRun = Math.max(2, ...(yaml.match(/`+/g) ?? []).map(run => run.length))
  const fence = '`'.repeat(longestRun + 1)
  return `The configuration in force, from \`.github/cupel.yml\` of the base branch:\n\n${fence}yaml\n${yaml}${fence}`
}

/** Inline code that no text can leave: one line, no backticks, no more than 80 characters. */
function code(text: string): string {
  return `\`${text.replaceAll(/[`\p{C}\p{Zl}\p{Zp}]/gu, '�').slice(0, 80)}\``
}
