import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'
import { listAnswers, lists, type PullRequestAnswer } from './pull-request-query.ts'

const mostPages = 9

type Lists = Pick<PullRequestAnswer, 'reviewThreads' | 'reviews' | 'comments'>
const names = ['reviewThreads', 'reviews', 'comments'] as const
const answer = z.object({
  repository: z.object({ pullRequest: z.object(listAnswers).partial().nullable() }).nullable(),
})

/**
 * Pages before what one call brought, 100 entries each of every list that `wanted` still asks for, in one call a
 * page. Nearly every pull request needs none; a conversation of hundreds must not hide what Cupel said in it.
 */
export async function readOlder(
  call: Call,
  ref: PullRequestRef,
  first: Lists,
  wanted: (name: keyof Lists, found: Lists) => boolean,
): Promise<Lists> {
  let found = first
  for (let page = 1; page <= mostPages; page++) {
    const asked = names.filter(name => found[name].before !== null && wanted(name, found))
    if (asked.length === 0) break
    const older = await readPage(call, ref, found, asked)
    const prepend = <Node>(
      list: { nodes: Node[]; before: string | null; totalCount: number },
      page?: { nodes: Node[]; before: string | null },
    ) => (page ? { ...list, nodes: [...page.nodes, ...list.nodes], before: page.before } : list)
    found = {
      reviewThreads: prepend(found.reviewThreads, older.reviewThreads),
      reviews: prepend(found.reviews, older.reviews),
      comments: prepend(found.comments, older.comments),
    }
  }
  return found
}

async function readPage(
  call: Call,
  ref: PullRequestRef,
  found: Lists,
  asked: readonly (keyof Lists)[],
): Promise<Partial<Lists>> {
  const declared = asked.map(name => `$${name}: String!`).join(', ')
  const fields = asked.map(name => `${name}(last: 100, before: $${name}) ${lists[name]}`).join('\n      ')
  const { data, fault } = await call.graphql(
    ref,
    {
      name: 'older',
      kind: 'read',
      query: `query Older($owner: String!, $repo: String!, $number: Int!, ${declared}) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      ${fields}
    }
  }
}`,
      variables: {
        owner: ref.owner,
        repo: ref.repo,
        number: ref.number,
        ...Object.fromEntries(asked.map(name => [name, found[name].before])),
      },
    },
    answer,
  )
  const page = data?.repository?.pullRequest
  if (fault || !page)
    throw fault ?? new Fault('github-not-found', 'the pull request is gone', { retry: 'never' })
  return page
}
