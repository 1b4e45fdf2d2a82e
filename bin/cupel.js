#!/usr/bin/env node
// The `cupel` command. Plain JavaScript, because an older Node.js may run it: Cupel itself needs
// Node.js 24, which its own dependencies bring (node_modules/node-linux-*).
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(root, 'src', 'cli', 'main.ts')

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main)
} else {
  if (!existsSync(join(root, 'node_modules', '.cupel-lock-hash'))) await import('../scripts/ensure-deps.mjs')
  const node = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  if (!existsSync(node)) {
    process.stderr.write(
      `cupel needs Node.js 24; this is ${process.version}. Install Node.js 24 and try again.\n`,
    )
    process.exit(1)
  }
  const { status, signal } = spawnSync(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
}
