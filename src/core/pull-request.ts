/** Which pull request, and through which installation it may be reached. */
export interface PullRequestRef {
  installationId: number
  repositoryId: number
  owner: string
  repo: string
  number: number
}
