import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { Fault } from '../core/fault.ts'

const running = z.object({ url: z.url(), pid: z.int() })
const owner = 'cupel-samples'
const maintainer = 'maintainer'

/** `shop#1` or `cupel-samples/shop#1`. */
function pullRequest(value: string): { repo: string; number: number } {
  const [, repo, number] = /^((?:[\w.-]+\/)?[\w.-]+)#(\d+)$/.exec(value) ?? []
  if (!repo || !number) throw new InvalidArgumentError('Write it like shop#1.')
  return { repo: fullName(repo), number: Number(number) }
}

function fullName(repo: string): string {
  return repo.includes('/') ? repo : `${owner}/${repo}`
}

function id(value: string): number {
  if (!/^\d+$/.test(value))
    throw new InvalidArgumentError('Write a comment’s number; `cupel sandbox show` lists them.')
  return Number(value)
}

const reactions = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const

/** `cupel sandbox`: what people do on GitHub, done on the local GitHub of a running `cupel start`. */
export function sandboxCommand(): Command {
  const command = new Command('sandbox').description('act on the local GitHub of a running `cupel start`')
  const as = ['--as <login>', 'who does it', maintainer] as const
  command.command('list').description('pull requests and their checks').action(list)
  command
    .command('show')
    .description('a pull request with its comments')
    .argument('<pull>', 'shop#1', pullRequest)
    .action(show)
  command
    .command('comment')
    .description('comment on a pull request')
    .argument('<pull>', 'shop#1', pullRequest)
    .argument('<text>')
    .option(...as)
    .action((pull: ReturnType<typeof pullRequest>, body: string, options: { as: string }) =>
      act('comment', { ...pull, body, by: options.as }),
    )
  command
    .command('reply')
    .description('answer in a thread')
    .argument('<comment>', 'number of one of its comments', id)
    .argument('<text>')
    .option(...as)
    .action((commentId: number, body: string, options: { as: string }) =>
      act('reply', { commentId, body, by: options.as }),
    )
  command
    .command('react')
    .description('react to a comment')
    .argument('<comment>', 'its number', id)
    .argument('<reaction>', reactions.join(', '), (value: string) => {
      const known = reactions.find(name => name === value)
      if (!known) throw new InvalidArgumentError(`Choose one of ${reactions.join(', ')}.`)
      return known
    })
    .option(...as)
    .action((commentId: number, content: string, options: { as: string }) =>
      act('react', { commentId, content, by: options.as }),
    )
  command
    .command('resolve')
    .description('resolve a thread')
    .argument('<comment>', 'number of one of its comments', id)
    .option(...as)
    .action((thread: number, options: { as: string }) => act('resolve', { thread, by: options.as }))
  command
    .command('clone-url')
    .description('a URL to clone a repository from and to push to')
    .argument('<repo>', 'shop')
    .option(...as)
    .action(cloneUrl)
  return command
}

async function list(): Promise<void> {
  const api = await connect()
  const { listPullRequests } = await import('../../sandbox/read-review.ts')
  const { sampleRepositories } = await import('../../sandbox/samples/pull-requests.ts')
  const repos = sampleRepositories.map(({ owner, name }) => `${owner}/${name}`)
  for (const pull of await listPullRequests(api, repos)) {
    const check = pull.check === null ? 'no check' : (pull.check.conclusion ?? pull.check.status)
    process.stdout.write(`${pull.repo}#${pull.number}  ${check.padEnd(11)} ${pull.title}\n`)
  }
}

async function show(wanted: { repo: string; number: number }): Promise<void> {
  const api = await connect()
  const { findPullRequest, readReview } = await import('../../sandbox/read-review.ts')
  const { reviewLines } = await import('../../sandbox/show/review.ts')
  const { coloured, plain } = await import('../../sandbox/show/markdown.ts')
  const pull = await findPullRequest(api, wanted)
  const { stdout } = process
  const paint = stdout.isTTY && !process.env['NO_COLOR'] ? coloured : plain
  const page = { width: stdout.columns ?? 100, paint }
  for (const line of reviewLines(pull, await readReview(api, pull), page)) stdout.write(`${line}\n`)
}

async function act(name: string, input: object): Promise<void> {
  const { url } = await connect()
  const answer = await control(url, name, input)
  const made = z.object({ id: z.number() }).safeParse(answer)
  process.stdout.write(made.success ? `done, number ${made.data.id}\n` : 'done\n')
}

async function cloneUrl(repo: string, options: { as: string }): Promise<void> {
  const { url } = await connect()
  const { token } = await tokenOf(url, options.as)
  const clone = new URL(`/${fullName(repo)}.git`, url)
  clone.username = options.as
  clone.password = token
  process.stdout.write(`${clone.href}\n`)
}

async function connect(): Promise<{ url: string; token: string }> {
  const file = join(resolve(process.env['CUPEL_DATA_DIR'] || '.cupel'), 'sandbox.json')
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null)
    throw new Fault(
      'input-malformed',
      'no local GitHub is running here: `npm start` in another terminal first',
      {
        retry: 'never',
      },
    )
  const { url } = running.parse(JSON.parse(text))
  return { url, ...(await tokenOf(url, maintainer)) }
}

async function tokenOf(url: string, login: string): Promise<{ token: string }> {
  return z.object({ token: z.string() }).parse(await control(url, 'userToken', { login }))
}

async function control(url: string, name: string, input: object): Promise<unknown> {
  let answer: Response
  try {
    answer = await fetch(`${url}/_control/${name}`, { method: 'POST', body: JSON.stringify(input) })
  } catch (cause) {
    throw new Fault(
      'github-unavailable',
      `the local GitHub at ${url} does not answer; is \`npm start\` still up?`,
      {
        retry: 'never',
        cause,
      },
    )
  }
  const body: unknown = await answer.json().catch(() => null)
  if (answer.ok) return body
  const { message } = z.object({ message: z.string().default('refused') }).parse(body ?? {})
  throw new Fault('github-unprocessable', `the local GitHub refused: ${message}`, { retry: 'never' })
}
