import type pg from 'pg'
import { drawnSamples, submitJudgement } from '../../src/adapters/postgres/judgements.ts'
import { judgementOf, questionsOf } from '../../src/core/judging.ts'
import { matching } from '../../src/core/match/likeness.ts'
import { z } from 'zod'
import type { GitHub } from './github.ts'
import { judgementOn, maintainers, reactionTo, type Maintainer } from './maintainers.ts'
import { repositories, type Place, type PullPlan } from './pull-requests.ts'

/** A pull request that was opened, and what is true of it. */
export interface OpenedPull {
  repo: string
  number: number
  plan: PullPlan
}

/** What the six maintainers do: on the local GitHub, and at the door of the blind audit. */
export interface People {
  found(): Promise<void>
  open(plan: PullPlan): Promise<OpenedPull>
  /** Reads the comments of a pull request as they stand there, and says something about some. Answers how often. */
  react(pull: OpenedPull): Promise<number>
  close(pull: OpenedPull): Promise<void>
  comment(pull: OpenedPull, by: Maintainer, body: string): Promise<void>
  /** Answers every question of the audit about samples taken since then. Answers how many judgements. */
  judge(since: Date): Promise<number>
}

const numbered = z.object({ number: z.number() })
const tokenOf = z.object({ token: z.string() })
const comments = z.array(
  z.object({
    id: z.number(),
    path: z.string(),
    original_line: z.number(),
    user: z.object({ type: z.string() }),
  }),
)

/** A question on a whole hunk comes after those on what was said there; more turns than that it never takes. */
const MOST_TURNS = 5

export function peopleOf(options: {
  github: GitHub
  /** With the rights of cupel_operator. */
  operator: pg.Pool
  seed: string
  truthOf(word: string): Place | undefined
}): People {
  const { github, operator, seed, truthOf } = options
  const { control } = github
  let token: Promise<string> | null = null
  let turn = 0
  const read = async (repo: string, number: number) => {
    token ??= control('userToken', { login: maintainers[0] }).then(made => tokenOf.parse(made).token)
    const response = await fetch(`${github.url}/repos/${repo}/pulls/${number}/comments?per_page=100`, {
      headers: { authorization: `token ${await token}` },
    })
    return comments.parse(await response.json()).filter(each => each.user.type === 'Bot')
  }
  const next = () => maintainers[turn++ % maintainers.length] as (typeof maintainers)[number]

  return {
    async found() {
      for (const { owner, name, files } of repositories) {
        const collaborators = Object.fromEntries(maintainers.map(login => [login, 'write' as const]))
        await control('createRepository', { owner, name, files, collaborators })
      }
    },
    async open(plan) {
      const { repository, branch, files, author, title } = plan
      const repo = `${repository.owner}/${repository.name}`
      await control('commit', { repo, branch, from: 'refs/heads/main', files, message: title, author })
      const made = await control('openPullRequest', { repo, head: branch, title, author })
      return { repo, ...numbered.parse(made), plan }
    },
    async react({ repo, number, plan }) {
      let said = 0
      for (const comment of await read(repo, number)) {
        const text = plan.files[comment.path]?.split('\n')[comment.original_line - 1] ?? ''
        const reaction = reactionTo(seed, { id: comment.id, text }, next(), truthOf)
        if (reaction === null) continue
        const { by } = reaction
        if ('reply' in reaction) await control('reply', { commentId: comment.id, by, body: reaction.reply })
        else await control('react', { commentId: comment.id, by, content: reaction.react })
        said++
      }
      return said
    },
    close: async ({ repo, number, plan }) => void (await control('close', { repo, number, by: plan.author })),
    comment: async ({ repo, number }, by, body) =>
      void (await control('comment', { repo, number, by, body })),
    async judge(since) {
      const judges = new Map<string, string>()
      let judged = 0
      for (let turns = 0; turns < MOST_TURNS; turns++) {
        let answered = 0
        for (const sample of await drawnSamples(operator, since)) {
          const judge = judges.get(sample.sampleId) ?? next()
          judges.set(sample.sampleId, judge)
          for (const question of questionsOf(sample, judge, matching)) {
            if (!question.waits) continue
            const { answer, issue } = judgementOn(seed, question, truthOf)
            const judgement = judgementOf(question, answer, issue)
            if ('problem' in judgement) throw new Error(judgement.problem)
            await submitJudgement(operator, judgement.submit, judge)
            answered++
          }
        }
        if (answered === 0) return judged
        judged += answered
      }
      throw new Error('the audit asks without end')
    },
  }
}
