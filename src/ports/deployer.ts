/** Brings a release to the machines that review, before it is given any pull request. */
export interface Deployer {
  /**
   * Deploys or goes on deploying; done twice it is done once. 'under-way': ask again in the next turn. Throws a Fault when
   * the platform cannot be reached, which is no failure of the release.
   */
  deploy(release: {
    id: string
    configurationId: string
    configuration: string
  }): Promise<
    { state: 'rolled-out' } | { state: 'under-way'; words: string } | { state: 'failed'; why: string }
  >
  /** Tells the platform which releases review which share of the pull requests. */
  publish(shares: readonly { releaseId: string; configurationId: string; share: number }[]): Promise<void>
}
