import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { analysersPage } from '../../../scripts/analysers-page.ts'
import { rules } from '../../../src/adapters/analysers/rules/table.ts'

const page = readFileSync(new URL('../../../docs/analysers.md', import.meta.url), 'utf8')

it('has docs/analysers.md as the rule tables say (node scripts/write-analysers.ts)', () => {
  expect(page).toBe(analysersPage())
})

it('lists every rule once, with a reason of one line', () => {
  for (const { id, why } of rules) {
    expect(why).toMatch(/^[^\n]{10,}[.!)]$/)
    expect(page.split(`| \`${id.slice(id.indexOf('/') + 1)}\``)).not.toHaveLength(1)
  }
  expect(new Set(rules.map(rule => rule.id)).size).toBe(rules.length)
  expect(page.match(/^\| `/gm)).toHaveLength(rules.length)
})
