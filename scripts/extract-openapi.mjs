// Cuts the operations that the local GitHub serves out of GitHub's published OpenAPI description.
// The whole is hundreds of megabytes as a package, so this is run by hand when GitHub changes its API:
//   node scripts/extract-openapi.mjs path/to/api.github.com.json
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OPERATIONS = [
  'get /app',
  'post /app-manifests/{code}/conversions',
  'get /app/installations',
  'get /app/installations/{installation_id}',
  'post /app/installations/{installation_id}/access_tokens',
  'get /app/hook/deliveries',
  'get /app/hook/deliveries/{delivery_id}',
  'post /app/hook/deliveries/{delivery_id}/attempts',
  'get /orgs/{org}/teams/{team_slug}/members',
  'get /installation/repositories',
  'get /rate_limit',
  'get /user',
  'get /users/{username}',
  'get /repos/{owner}/{repo}',
  'get /repos/{owner}/{repo}/installation',
  'get /repos/{owner}/{repo}/contents/{path}',
  'get /repos/{owner}/{repo}/compare/{basehead}',
  'get /repos/{owner}/{repo}/collaborators/{username}/permission',
  'get /repos/{owner}/{repo}/pulls',
  'get /repos/{owner}/{repo}/pulls/{pull_number}',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/files',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
  'post /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/comments',
  'post /repos/{owner}/{repo}/pulls/{pull_number}/comments',
  'post /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies',
  'get /repos/{owner}/{repo}/pulls/comments/{comment_id}',
  'patch /repos/{owner}/{repo}/pulls/comments/{comment_id}',
  'delete /repos/{owner}/{repo}/pulls/comments/{comment_id}',
  'get /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions',
  'post /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions',
  'delete /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions/{reaction_id}',
  'get /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'post /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'get /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'patch /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'delete /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'get /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
  'post /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
  'delete /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}',
  'post /repos/{owner}/{repo}/check-runs',
  'get /repos/{owner}/{repo}/check-runs/{check_run_id}',
  'patch /repos/{owner}/{repo}/check-runs/{check_run_id}',
  'get /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations',
  'get /repos/{owner}/{repo}/commits/{ref}/check-runs',
]

const PROSE = new Set([
  'description',
  'summary',
  'externalDocs',
  'examples',
  'example',
  'x-github',
  'tags',
  'title',
])

/** A copy without prose; `literal` marks maps whose keys are names of the API's own (a property may be called `title`). */
const bare = (node, literal = false) => {
  if (Array.isArray(node)) return node.map(item => bare(item))
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => literal || !PROSE.has(key))
      .map(([key, value]) => [key, key === 'enum' ? value : bare(value, key === 'properties' && !literal)]),
  )
}

const [source] = process.argv.slice(2)
if (source === undefined) {
  console.error('usage: node scripts/extract-openapi.mjs path/to/api.github.com.json')
  process.exit(1)
}
const whole = JSON.parse(readFileSync(source, 'utf8'))
const subset = { openapi: whole.openapi, info: { version: whole.info.version }, paths: {}, components: {} }

const follow = node => {
  if (node === null || typeof node !== 'object') return
  if (typeof node.$ref === 'string') {
    const [, , kind, name] = node.$ref.split('/')
    subset.components[kind] ??= {}
    if (subset.components[kind][name] !== undefined) return
    const component = bare(whole.components[kind][name])
    subset.components[kind][name] = component
    follow(component)
    return
  }
  for (const value of Object.values(node)) follow(value)
}

for (const operation of OPERATIONS) {
  const [method, path] = operation.split(' ')
  const found = whole.paths[path]?.[method]
  if (found === undefined) throw new Error(`not in the description: ${operation}`)
  const kept = bare({
    operationId: found.operationId,
    parameters: found.parameters,
    requestBody: found.requestBody,
  })
  // Faults (4xx) are shaped by hand in the server; only answers that a client parses are described.
  kept.responses = bare(
    Object.fromEntries(Object.entries(found.responses).filter(([status]) => status < '300')),
  )
  for (const response of Object.values(kept.responses)) delete response.headers
  follow(kept)
  subset.paths[path] ??= {}
  subset.paths[path][method] = kept
}

const target = fileURLToPath(new URL('../sandbox/github/openapi.json', import.meta.url))
const text = JSON.stringify(subset)
writeFileSync(target, `${text}\n`)
console.log(`${OPERATIONS.length} operations, ${Math.round(text.length / 1024)} kB → ${target}`)
