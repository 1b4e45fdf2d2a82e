import type { LocalGitHub, LoggedRequest } from '../sandbox/github/server.ts'

/**
 * What GitHub's side of a review costs by itself: sends the reads of one review and the review itself again, one
 * after the other, without Cupel. Answers the milliseconds.
 */
export async function replay(github: LocalGitHub, requests: readonly LoggedRequest[]): Promise<number> {
  const token = [...github.state.tokens].findLast(([, minted]) => actorOf(minted) === requests[0]?.actor)?.[0]
  const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
  const began = performance.now()
  for (const { method, path, body } of requests) {
    const answer = await fetch(github.url + path, {
      method,
      headers,
      ...(method !== 'GET' && { body: JSON.stringify(body) }),
    })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${answer.status} for ${method} ${path}`)
  }
  return performance.now() - began
}

/** The calls that stand between a webhook and its posted review: the check run begins beside them. */
export function upToPosting(requests: readonly LoggedRequest[]): LoggedRequest[] {
  const own = requests.filter(one => one.actor.startsWith('installation:'))
  const posted = own.findIndex(one => one.method === 'POST' && one.path.endsWith('/reviews'))
  return own
    .slice(0, posted === -1 ? own.length : posted + 1)
    .filter(one => !/\/(check-runs|comments)(\/|$)/.test(one.path))
}

function actorOf(token: { installation: { id: number } }): string {
  return `installation:${token.installation.id}`
}
