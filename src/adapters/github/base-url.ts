/** GitHub.com, or the GitHub Enterprise Server that GHE_HOST names (GHE_PROTOCOL defaults to https). */
export function baseUrlFor(env: Readonly<Record<string, string | undefined>>): string {
  const host = env['GHE_HOST']?.trim()
  if (!host) return 'https://api.github.com'
  return `${env['GHE_PROTOCOL']?.trim() || 'https'}://${host}/api/v3`
}

/** Enterprise Server keeps GraphQL beside `/api/v3`, not below it. */
export function graphqlUrl(baseUrl: string): string {
  return baseUrl.replace(/\/api\/v3\/?$/, '/api').replace(/\/$/, '') + '/graphql'
}
