import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const folder = fileURLToPath(new URL('../../../migrations/', import.meta.url))

/** What the version before could stumble over while both run. */
const taking =
  /\bdrop\s+(?:table|column|view|schema|constraint|function|type)\b[^;]*|\brename\s+(?:to|column|constraint)\b[^;]*|\balter\s+column\s+\w+\s+(?:set\s+data\s+)?type\b[^;]*|\bset\s+not\s+null\b[^;]*/gi

/** A check that is made anew with more values takes nothing away, nor a function with one argument more that may be left out. */
const harmless: Record<string, string[]> = {
  '0012_costs.sql': ['drop constraint budgets_scope_check'],
  '0018_stricter_doors.sql': ['drop function doors.request_action(text, text, text, text, text, text)'],
}

const taken = (sql: string): string[] => sql.replaceAll(/--.*$/gm, '').match(taking) ?? []

it.each(readdirSync(folder).map(name => [name]))('%s only adds, so that the version before goes on', name => {
  expect(taken(readFileSync(`${folder}${name}`, 'utf8'))).toEqual(harmless[name] ?? [])
})

it.each([
  'drop table production.reviews',
  'alter table a.b drop column c',
  'alter table a.b rename column c to d',
  'alter table a.b rename to c',
  'alter table a.b alter column c type text',
  'alter table a.b alter column c set data type text',
  'alter table a.b alter column c set not null',
])('`%s` would be seen', sql => expect(taken(sql)).toHaveLength(1))
