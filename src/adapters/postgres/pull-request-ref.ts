import type { PullRequestRef } from '../../core/pull-request.ts'

/** The columns by which rows name a pull request, as a query gets them: a bigint comes as text. */
export interface PullRequestColumns {
  installation_id: string
  repository_id: string
  owner: string
  repo: string
  number: number
}

export function refOf(row: PullRequestColumns): PullRequestRef {
  const { owner, repo, number } = row
  return {
    installationId: Number(row.installation_id),
    repositoryId: Number(row.repository_id),
    owner,
    repo,
    number,
  }
}
