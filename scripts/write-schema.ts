/** Writes docs/cupel.schema.json, the JSON Schema of .github/cupel.yml for editors: `node scripts/write-schema.ts`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { jsonSchemaText } from '../src/core/repository-configuration-schema.ts'

writeFileSync(fileURLToPath(new URL('../docs/cupel.schema.json', import.meta.url)), jsonSchemaText())
