import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sha256 } from '../../src/core/ids.ts'

const script = new URL('../../scripts/ensure-deps.mjs', import.meta.url)
const lockFile = '{"lockfileVersion": 3}'
let folder: string
let checkout: string
let other: string

/** Another checkout's dependencies, installed from a lock file of this text, and a link to them. */
async function linked(installedFrom: string): Promise<void> {
  await writeFile(join(other, '.cupel-lock-hash'), sha256(installedFrom))
  await symlink(other, join(checkout, 'node_modules'))
}

/** Where no npm can be found. */
function ensureDeps(): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts', 'ensure-deps.mjs')], {
    encoding: 'utf8',
    env: { PATH: '' },
  })
  return { status, stderr }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cupel-deps-'))
  checkout = join(folder, 'checkout')
  other = join(folder, 'other')
  await mkdir(join(checkout, 'scripts'), { recursive: true })
  await mkdir(other)
  await copyFile(script, join(checkout, 'scripts', 'ensure-deps.mjs'))
  await writeFile(join(checkout, 'package-lock.json'), lockFile)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('installs nothing through a symbolic link, and says what to do', async () => {
  await linked('another lock file')
  const { status, stderr } = ensureDeps()
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /node_modules is a symbolic link .* Nothing was installed. Remove the link and try again/,
  )
  expect(await readdir(other)).toEqual(['.cupel-lock-hash'])
  expect(await readdir(checkout)).not.toContain('.ensure-deps.lock')
})

it('has nothing to do where a symbolic link leads to what the lock file says', async () => {
  await linked(lockFile)
  expect(ensureDeps()).toEqual({ status: 0, stderr: '' })
})
