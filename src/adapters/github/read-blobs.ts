import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Blob } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import { inParallel } from './in-parallel.ts'

const mostPaths = 100
const mostFailures = 12

const answer = z.object({
  repository: z
    .record(
      z.string(),
      z
        .object({
          kind: z.string(),
          text: z.string().nullish(),
          byteSize: z.number().optional(),
          isBinary: z.boolean().nullish(),
          isTruncated: z.boolean().optional(),
        })
        .nullable(),
    )
    .nullable(),
})

/**
 * File contents at a commit, 100 paths in one call. GitHub gives up on a GraphQL answer after 10 s; a batch it
 * cannot finish is halved until a single path fails, which is then answered without text.
 */
export async function readBlobs(
  call: Call,
  ref: PullRequestRef,
  sha: string,
  paths: readonly string[],
): Promise<Blob[]> {
  const wanted = [...new Set(paths)].filter(isPlainPath)
  const batches: string[][] = []
  for (let start = 0; start < wanted.length; start += mostPaths)
    batches.push(wanted.slice(start, start + mostPaths))
  const read = (batch: string[]) => readBatch({ call, ref, sha, paths: batch.length, failures: 0 }, batch)
  return (await inParallel(2, batches, read)).flat()
}

interface Reading {
  call: Call
  ref: PullRequestRef
  sha: string
  /** How many the whole batch asks for. */
  paths: number
  /** Requests in a row that GitHub could not finish. */
  failures: number
}

/** `sha:./x` and `sha:../x` mean "relative to here" to git, and no path of a commit holds NUL. */
function isPlainPath(path: string): boolean {
  return path !== '' && !path.includes('\0') && !/^(\.{0,2}\/)/.test(path)
}

async function readBatch(reading: Reading, paths: readonly string[]): Promise<Blob[]> {
  try {
    const blobs = await readAll(reading, paths)
    reading.failures = 0
    return blobs
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'github-unavailable') throw error
    reading.failures += 1
    // Halving 100 paths down to the one that is too much takes 8; many more in a row mean that GitHub is down.
    if (reading.failures > mostFailures || reading.paths === 1) throw error
    if (paths.length === 1) return paths.map(path => ({ path, text: null, bytes: 0 }))
    const half = Math.ceil(paths.length / 2)
    const first = await readBatch(reading, paths.slice(0, half))
    return [...first, ...(await readBatch(reading, paths.slice(half)))]
  }
}

async function readAll({ call, ref, sha }: Reading, paths: readonly string[]): Promise<Blob[]> {
  // Paths come from strangers: they travel as variables, only our own numbers stand in the query.
  const declared = paths.map((_, index) => `$p${index}: String!`).join(', ')
  const fields = paths.map(
    (_, index) =>
      `b${index}: object(expression: $p${index}) { kind: __typename ... on Blob { text byteSize isBinary isTruncated } }`,
  )
  const query = `query Blobs($owner: String!, $repo: String!, ${declared}) {
  repository(owner: $owner, name: $repo) {
    ${fields.join('\n    ')}
  }
}`
  const expressions = Object.fromEntries(paths.map((path, index) => [`p${index}`, `${sha}:${path}`]))
  const { data, fault } = await call.graphql(
    ref,
    { name: 'blobs', kind: 'read', query, variables: { owner: ref.owner, repo: ref.repo, ...expressions } },
    answer,
  )
  const objects = data?.repository
  if (!objects || (fault && fault.code !== 'github-not-found'))
    throw fault ?? new Fault('github-not-found', 'the repository is gone', { retry: 'never' })
  return paths.flatMap((path, index) => {
    const object = objects[`b${index}`]
    if (object?.kind !== 'Blob') return []
    const bytes = object.byteSize ?? 0
    const whole = object.isBinary === false && !object.isTruncated
    return [{ path, text: whole && isExact(object.text, bytes) ? (object.text ?? null) : null, bytes }]
  })
}

/**
 * GitHub's JSON replaces bytes that are not UTF-8, which changes the length; a byte order mark may be left out (3 bytes).
 */
function isExact(text: string | null | undefined, bytes: number): boolean {
  if (typeof text !== 'string') return false
  const length = Buffer.byteLength(text)
  return length === bytes || length + 3 === bytes
}
