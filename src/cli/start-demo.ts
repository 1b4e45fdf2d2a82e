import { rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { runDemo } from '../../sandbox/demo.ts'
import type { LocalGitHub } from '../../sandbox/github/server.ts'
import { signInLink } from './dashboard.ts'
import { ownName } from './own-name.ts'
import { terminal } from './start-output.ts'

/** Where `cupel sandbox` finds the local GitHub of a running `cupel start`. */
export const sandboxFile = 'sandbox.json'

/** Shows the sample pull requests and their reviews; answers what is wrong with them. */
export async function demonstrate(
  github: LocalGitHub,
  options: { once: boolean; dataDir: string; dashboard: { url?: string; sessionSecret: string } },
): Promise<string[]> {
  const output = terminal()
  const wrong = await runDemo(github, output)
  for (const line of wrong) output.print(output.paint('red', `✗ ${line}`))
  for (const error of github.validationErrors)
    output.print(output.paint('red', `✗ GitHub would refuse ${error.operation}: ${error.message}`))
  if (!options.once) {
    await mkdir(options.dataDir, { recursive: true })
    const file = join(options.dataDir, sandboxFile)
    await writeFile(file, JSON.stringify({ url: github.url, pid: process.pid }))
    process.once('exit', () => rmSync(file, { force: true }))
    for (const line of invitation(github.url, signInLink(options.dashboard, ownName()))) output.print(line)
  }
  return [...wrong, ...github.validationErrors.map(error => error.message)]
}

function invitation(url: string, dashboard: string | null): string[] {
  return [
    '',
    `The local GitHub stays up at ${url}. In a second terminal:`,
    '',
    '  npx cupel sandbox list                              pull requests and their checks',
    '  npx cupel sandbox show shop#1                       one of them with its comments',
    "  npx cupel sandbox comment shop#1 '/cupel help'      write a comment",
    '  npx cupel sandbox reply COMMENT_ID wrong            answer in a thread',
    '  npx cupel sandbox react COMMENT_ID -1               react to a comment',
    '  npx cupel sandbox clone-url shop                    a URL to git clone and git push',
    '  npx cupel dashboard                                 another link to the dashboard',
    '  npx cupel experiment add FILE                       try another configuration; `list` and `show ID` follow it',
    '',
    ...(dashboard === null
      ? []
      : ['The dashboard, signed in once within ten minutes:', '', `  ${dashboard}`, '']),
    'Ctrl-C ends it.',
  ]
}
