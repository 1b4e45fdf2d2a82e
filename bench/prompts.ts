import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import type { RecordedRequest } from '../sandbox/models/stub.ts'
import type { Platform } from './platform.ts'

/**
 * How many tokens each prompt has beyond 1.3 times those of the diff it is about, by a real tokenizer; the schema of
 * the answer counts as prompt, GitHub's own patches of the files in the prompt as diff.
 */
export async function beyondDiff(
  { github }: Platform,
  reviewed: readonly { repo: string; number: number }[],
  requests: readonly RecordedRequest[],
): Promise<number[]> {
  const { token } = await github.control.userToken({ login: 'alice' })
  const patches = new Map<string, number>()
  for (const { repo, number } of reviewed) {
    const answer = await fetch(`${github.url}/repos/${repo}/pulls/${number}/files?per_page=100`, {
      headers: { authorization: `token ${token}` },
    })
    for (const file of (await answer.json()) as { filename: string; patch?: string }[])
      patches.set(file.filename, countTokens(file.patch ?? ''))
  }
  return requests.map(request => {
    const paths = [...request.user.matchAll(/^file "([^"]*)" /gm)].map(found => found[1] ?? '')
    const diff = paths.reduce((sum, path) => sum + (patches.get(path) ?? 0), 0)
    const prompt = [request.system, request.user, schemaOf(request.body)].map(text => countTokens(text))
    return prompt.reduce((sum, tokens) => sum + tokens, 0) - 1.3 * diff
  })
}

function schemaOf(body: Record<string, unknown>): string {
  const format = (body['text'] ?? body['response_format'] ?? body['output_config']) as object | undefined
  return JSON.stringify(format ?? {})
}
