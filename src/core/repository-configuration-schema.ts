import { z } from 'zod'
import { repositoryConfigurationSchema } from './repository-configuration.ts'

/** The JSON Schema (draft 7, which editors' YAML support understands) of .github/cupel.yml, as the file's text. */
export function jsonSchemaText(): string {
  const { $schema, ...schema } = z.toJSONSchema(repositoryConfigurationSchema, {
    io: 'input',
    target: 'draft-7',
  })
  const document = { $schema, title: '.github/cupel.yml', ...schema }
  return `${JSON.stringify(document, null, 2)}\n`
}
