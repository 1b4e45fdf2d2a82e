/** Writes docs/analysers.md from the rule tables: `node scripts/write-analysers.ts`. */
import { writeFileSync } from 'node:fs'
import { analysersPage } from './analysers-page.ts'

writeFileSync(new URL('../docs/analysers.md', import.meta.url), analysersPage())
