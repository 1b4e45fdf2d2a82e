// Does in a clean folder what the Dockerfile does, since no Docker engine runs everywhere: the files that its first
// stage copies, the commands that it runs but apt's, and then every process once. Prints what the image would hold.
// Takes about a minute, so CI runs it and the tests do not.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
const build = text.split(/^FROM /m)[1] ?? ''
const folder = mkdtempSync(join(tmpdir(), 'cupel-image-'))
const megabytes = (): number =>
  Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]) / 1024

/** What each process says first without an environment: its modules were loaded, and it knows what it lacks. */
const firstWords: Record<string, RegExp> = {
  'src/cli/main.ts --help': /Usage: cupel/,
  'src/cli/main.ts migrate': /no database: set DATABASE_URL/,
  'src/web/main.ts': /WEBHOOK_SECRET is missing/,
  'jobs/production/main.ts': /APP_ID is missing/,
  'jobs/experiments/main.ts': /DATABASE_URL is needed/,
  'jobs/gate/main.ts': /DATABASE_URL is needed/,
  'src/archive/main.ts': /DATABASE_URL is needed/,
  'src/dashboard/main.ts': /CUPEL_SESSION_SECRET is missing/,
  'src/cli/main.ts backup': /say where backups lie/,
  'src/egress/main.ts': /CUPEL_EGRESS_ALLOW is missing/,
}

/** Every analyser on a file of every language that it knows: linter, WASM and compiled grammars are all there. */
const analyse = `
  import { startAnalysers } from './src/adapters/analysers/host.ts'
  const names = ['oxlint', 'ruff', 'secretlint', 'actionlint', 'ast-grep']
  const paths = ['a.ts', 'a.py', 'a.go', 'a.java', 'a.php', 'a.rb', 'a.rs', 'a.c', 'a.cpp', '.github/workflows/a.yml']
  const analysers = startAnalysers()
  const files = paths.map(path => ({ path, contents: 'x\\n', changedLines: [1] }))
  const reports = await analysers.analyse(names, files, { deadlineMs: 60000, signal: new AbortController().signal })
  console.log(reports.map(({ analyser, outcome, fault, paths }) => [analyser, outcome, paths.length, fault].join(' ')).join(', '))
  await analysers.close()`
const analysed = /^oxlint ok 1 , ruff ok 1 , secretlint ok 10 , actionlint ok 1 , ast-grep ok 8 $/m

/** The gate loads it in a pod only. */
const kubernetes = `await import('./src/adapters/kubernetes/gate.ts'); console.log('loaded')`

try {
  for (const [, instruction, rest = ''] of build.matchAll(/^(COPY|RUN) (.*)$/gm)) {
    if (instruction === 'COPY') {
      const names = rest.split(/\s+/)
      const to = names.pop() ?? ''
      for (const name of names)
        cpSync(join(root, name), join(folder, to === './' ? name : to), { recursive: true })
    } else if (!rest.startsWith('apt-get')) {
      execFileSync('/bin/bash', ['-euo', 'pipefail', '-c', rest], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    }
  }
  process.stdout.write(`the image adds ${megabytes().toFixed(0)} MB to its base\n`)
  const flags = ['--max-semi-space-size=4', '--heap-growing-percent=30']
  let failed = 0
  const commands = [
    ...Object.entries(firstWords).map(([command, said]) => ({
      name: command,
      given: command.split(' '),
      said,
    })),
    { name: 'Kubernetes’ client', given: ['--input-type=module', '-e', kubernetes], said: /^loaded$/m },
    { name: 'all analysers', given: ['--input-type=module', '-e', analyse], said: analysed },
  ]
  for (const { name, given, said } of commands) {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, ...given], {
      cwd: folder,
      env: { NODE_ENV: 'production', HOME: '/tmp' },
      encoding: 'utf8',
      timeout: 120_000,
    })
    const right = said.test(stdout + stderr)
    if (!right) failed += 1
    process.stdout.write(`${right ? 'starts' : 'DOES NOT START'}: ${name}\n${right ? '' : stdout + stderr}`)
  }
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
