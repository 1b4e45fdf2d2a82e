/** Enterprise Server keeps GraphQL beside `/api/v3`, not below it. */
export function graphqlUrl(baseUrl: string): string {
  return baseUrl.replace(/\/api\/v3\/?$/, '/api').replace(/\/$/, '') + '/graphql'
}
