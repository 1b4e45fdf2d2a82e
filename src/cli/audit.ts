import { readFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import pg from 'pg'
import { z } from 'zod'
import { auditHead, verifyAudit } from '../adapters/postgres/audit-log.ts'
import type { AuditHead } from '../core/audit.ts'

const headLine = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue('no JSON')
      return z.NEVER
    }
  })
  .pipe(z.object({ sequence: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) }))

/** `cupel audit verify` and `cupel audit heads`. Exit code 1 for a broken chain, 2 for what could not be checked. */
export function auditCommand(): Command {
  const command = new Command('audit').description('the hash-chained audit log')
  command
    .command('verify')
    .description('recompute the chain and name the first broken row')
    .option('--heads <file>', 'heads exported earlier, one JSON object a line: shows a cut tail')
    .addOption(database())
    .action(verify)
  command
    .command('heads')
    .description('print the chain’s head as one JSON line, to be kept outside this database')
    .addOption(database())
    .action(heads)
  return command
}

/** Not a default value: `--help` would print it, password and all. */
function database(): Option {
  return new Option('--database <url>', 'owner’s or operator’s URL').env('DATABASE_URL')
}

async function verify(options: { heads?: string; database?: string }): Promise<void> {
  await withClient(options.database, async client => {
    const exported = options.heads === undefined ? [] : await readHeads(options.heads)
    const verdict = await verifyAudit(client, exported)
    switch (verdict.outcome) {
      case 'intact':
        process.stdout.write(`intact: ${verdict.head.sequence} rows, head ${verdict.head.hash}\n`)
        return
      case 'broken':
        process.stdout.write(`broken at row ${verdict.sequence}: ${verdict.why}\n`)
        process.exitCode = 1
        return
    }
  })
}

async function heads(options: { database?: string }): Promise<void> {
  await withClient(options.database, async client => {
    const head = await auditHead(client)
    process.stdout.write(`${JSON.stringify({ ...head, time: new Date().toISOString() })}\n`)
  })
}

async function readHeads(file: string): Promise<AuditHead[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const head = headLine.safeParse(line)
    if (!head.success) throw new Error(`${file} line ${index + 1} is no line of \`cupel audit heads\``)
    return [head.data]
  })
}

async function withClient(
  url: string | undefined,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  if (!url) {
    process.stderr.write('no database: set DATABASE_URL or pass --database\n')
    process.exitCode = 2
    return
  }
  const client = new pg.Client({ connectionString: url, application_name: 'cupel audit' })
  client.on('error', () => {})
  try {
    await client.connect()
    await work(client)
  } catch (error) {
    process.stderr.write(`could not check: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 2
  } finally {
    await client.end().catch(() => {})
  }
}
