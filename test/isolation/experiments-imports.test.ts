import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Everything that a module loads, itself included: our files by path, packages by name. Types are not loaded. */
function loadedBy(entry: string): Set<string> {
  const seen = new Set<string>()
  const open = [entry]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    const text = readFileSync(join(root, file), 'utf8')
    const said = [
      ...text.matchAll(/^\s*(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm),
      ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
    ].map(match => match[1] ?? '')
    for (const name of said) {
      if (!name.startsWith('.')) seen.add(name)
      else if (name.endsWith('.ts')) open.push(relative(root, join(root, dirname(file), name)))
    }
  }
  return seen
}

const loaded = [...loadedBy('jobs/experiments/main.ts')]

test('the experiments worker is read to its leaves', () => {
  expect(loaded).toContain('jobs/experiments/run.ts')
  expect(loaded).toContain('src/engine/examine.ts')
  expect(loaded).toContain('pg')
})

it.each([
  ['GitHub’s adapter', /^src\/adapters\/(?:github|git)\//],
  ['GitHub’s packages', /^(?:probot|@octokit\/)/],
  ['another zone', /^(?:jobs\/(?!experiments\/)|src\/(?:web|cli|supervisor)\/)/],
  [
    'production’s stores',
    /^src\/adapters\/postgres\/(?!delete-in-batches|experiments|model-answers|pool|readmissions|ready|runs|spending|vote-row)/,
  ],
  ['the sandbox', /^sandbox\//],
])('the experiments worker loads nothing of %s', (_, pattern) => {
  expect(loaded.filter(name => pattern.test(name))).toEqual([])
})
