import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { cupel } from './cupel.ts'

// Existing variables win; a missing file is no error. `review` is run in the folders of others, whose .env must not
// say where code and keys are sent: it reads the one beside Cupel only.
try {
  process.loadEnvFile(
    process.argv[2] === 'review' ? fileURLToPath(new URL('../../.env', import.meta.url)) : '.env',
  )
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

await cupel(process.argv.slice(2))
