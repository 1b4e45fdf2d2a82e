import type { LocalGitHub } from '../github/server.ts'
import type { SamplePullRequest, SampleRepository } from './load.ts'

export interface OpenedSample {
  /** owner/name */
  repo: string
  number: number
  headSha: string
  sample: SamplePullRequest
}

/** Who may write in every sample repository: `npx cupel sandbox` acts in this name. */
export const maintainer = 'maintainer'

/** Makes the repository with its branches, then opens its pull requests one by one; each sends its webhook. */
export async function openSamples(
  control: LocalGitHub['control'],
  { owner, name, baseFiles, pullRequests }: SampleRepository,
): Promise<OpenedSample[]> {
  const repo = `${owner}/${name}`
  const authors = Object.fromEntries(pullRequests.map(pull => [pull.author, 'write' as const]))
  await control.createRepository({
    owner,
    name,
    files: Object.fromEntries(baseFiles),
    collaborators: { ...authors, [maintainer]: 'admin' },
  })
  const opened: OpenedSample[] = []
  for (const sample of pullRequests) {
    const { branch, title, body, author, draft } = sample
    await control.commit({
      repo,
      branch,
      from: 'main',
      files: Object.fromEntries(sample.changes),
      modes: Object.fromEntries(sample.modes),
      message: title,
      author,
    })
    const { number, headSha } = await control.openPullRequest({ repo, head: branch, title, body, author, draft })
    opened.push({ repo, number, headSha, sample })
  }
  return opened
}
