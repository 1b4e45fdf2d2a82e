import { readFileSync, readdirSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, test } from 'vitest'
import { zones } from '../../src/cycle.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Import {
  /** Path from the root. */
  file: string
  /** Path from the root, a package's name, or node:… */
  to: string
}

/** Every module that a source names: static, re-exported, for its types only, and dynamic. */
function importsOf(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const statement = /(?:^|[\s;}])(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/g
  const call = /\bimport\(\s*['"`]([^'"`]+)['"`]/g
  return [...code.matchAll(statement), ...code.matchAll(call)].map(match => match[1] ?? '')
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(name => name.endsWith('.ts') && statSync(join(root, name)).isFile())
}

const sources = new Map(
  [...filesUnder('src'), ...filesUnder('jobs')].map(file => [file, readFileSync(join(root, file), 'utf8')]),
)
const imports: Import[] = [...sources].flatMap(([file, source]) =>
  importsOf(source).map(specifier => ({
    file,
    to: specifier.startsWith('.')
      ? relative(root, join(root, dirname(file), specifier))
      : specifier.startsWith('node:')
        ? specifier
        : packageName(specifier),
  })),
)

const isOwn = (to: string): boolean => /^(src|jobs|sandbox|test|bench|scripts|migrations)\//.test(to)
const isBuiltin = (to: string): boolean => to.startsWith('node:') || builtinModules.includes(to)
const from = (...folders: string[]): Import[] =>
  imports.filter(({ file }) => folders.some(folder => file.startsWith(folder)))
/** Those that lead to none of the given places: a folder ends with a slash, anything else is meant exactly. */
const beyond = (some: Import[], ...places: string[]): Import[] =>
  some.filter(({ to }) => !places.some(place => (place.endsWith('/') ? to.startsWith(place) : to === place)))
const own = (some: Import[]): Import[] => some.filter(({ to }) => isOwn(to))

test('the scanner sees every way to import', () => {
  const source = `import 'node:a'
import b from "b"
import { type C, c } from './c.ts'
import type {
  D,
} from '../d.ts'
export { e } from './e.ts'
export * from './f.ts'
// import './not.ts'
/* import './nor.ts' */
const g = await import('./g.ts')
const text = 'nothing is imported from here'
`
  expect(importsOf(source)).toEqual(['node:a', 'b', './c.ts', '../d.ts', './e.ts', './f.ts', './g.ts'])
  expect(imports.length).toBeGreaterThan(300)
  expect(
    imports.filter(({ to }) => to.startsWith('src/') && !sources.has(to) && !/\.(json|mjs)$/.test(to)),
  ).toEqual([])
})

describe('core is pure', () => {
  /** Compute only: no files, network, clock or randomness of their own on the paths that core uses. */
  const purePackages = [
    'canonicalize',
    'mdast',
    'mdast-util-from-markdown',
    'mdast-util-gfm',
    'mdast-util-to-markdown',
    'micromark-extension-gfm',
    'picomatch',
    'yaml',
    'zod',
  ]
  /** Hashing; and the removal of terminal escapes. */
  const pureBuiltins = ['node:crypto', 'node:util']

  it('imports core and pure packages only', () => {
    expect(beyond(from('src/core/'), 'src/core/', ...purePackages, ...pureBuiltins)).toEqual([])
  })

  it('every listed package is used', () => {
    const used = new Set(from('src/core/').map(({ to }) => to))
    expect([...purePackages, ...pureBuiltins].filter(name => !used.has(name))).toEqual([])
  })

  it('of node:crypto it takes what computes, never what draws', () => {
    const drawing = /\b(randomUUID|randomBytes|randomInt|generateKey\w*|getRandomValues)\b/
    expect(
      [...sources].filter(([file, source]) => file.startsWith('src/core/') && drawing.test(source)),
    ).toEqual([])
  })

  it.each([
    ['the clock', /\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(\)|\bperformance\.|\bTemporal\.Now\b/],
    ['chance', /\bMath\.random\b|\bcrypto\.(randomUUID|getRandomValues)\b/],
    ['the process', /\bprocess\.|\bglobalThis\b/],
    ['the network', /\bfetch\(|\bWebSocket\b/],
    ['timers', /\bset(Timeout|Interval|Immediate)\b/],
    ['the console', /\bconsole\./],
  ])('takes nothing from %s', (_, pattern) => {
    const strip = (source: string): string => source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\/\/ .*$/gm, '')
    const found = [...sources]
      .filter(([file, source]) => file.startsWith('src/core/') && pattern.test(strip(source)))
      .map(([file]) => file)
    expect(found).toEqual([])
  })
})

test('ports import core, and zod for the schemas that they carry', () => {
  expect(beyond(from('src/ports/'), 'src/core/', 'src/ports/', 'zod')).toEqual([])
})

test('the engine imports core and ports, and reads nothing but its own prompts', () => {
  const builtins: Record<string, string> = {
    'node:crypto': 'a delimiter that the text to review cannot hold',
    'node:fs': 'the prompt files of this version',
  }
  const allowed = ['src/core/', 'src/ports/', 'src/engine/', 'zod', ...Object.keys(builtins)]
  expect(beyond(from('src/engine/'), ...allowed)).toEqual([])
  const readers = from('src/engine/').filter(({ to }) => to === 'node:fs')
  expect(readers.map(({ file }) => file)).toEqual(['src/engine/prompts.ts'])
})

test('cycle.ts, the map, imports core only', () => {
  expect(beyond(from('src/cycle.ts'), 'src/core/')).toEqual([])
})

describe('an adapter knows one outside system', () => {
  /** Where one room of adapters imports another, and why that is right. */
  const exceptions: Record<string, string> = {
    'src/adapters/models/options.ts src/adapters/system/environment.ts':
      'translates the environment of this process into model options; types only',
  }
  const rooms = [
    ...new Set([...sources.keys()].flatMap(file => /^src\/adapters\/[^/]+\//.exec(file)?.[0] ?? [])),
  ]

  it.each(rooms)('%s imports core, ports and itself', room => {
    const strays = beyond(own(from(room)), 'src/core/', 'src/ports/', room)
    expect(
      strays.map(({ file, to }) => `${file} ${to}`).filter(stray => !Object.hasOwn(exceptions, stray)),
    ).toEqual([])
  })

  it('every exception is needed', () => {
    const present = new Set(imports.map(({ file, to }) => `${file} ${to}`))
    expect(Object.keys(exceptions).filter(exception => !present.has(exception))).toEqual([])
  })
})

describe.each([...zones])('zone %s', zone => {
  const folder = `jobs/${zone}/`

  it('its steps import core, ports, engine, the map and themselves; only main.ts touches adapters', () => {
    const steps = own(from(folder)).filter(({ file }) => file !== `${folder}main.ts`)
    expect(beyond(steps, 'src/core/', 'src/ports/', 'src/engine/', 'src/cycle.ts', folder)).toEqual([])
    const main = own(from(`${folder}main.ts`))
    const wiring = ['src/core/', 'src/ports/', 'src/engine/', 'src/adapters/', 'src/cycle.ts', folder]
    expect(beyond(main, ...wiring)).toEqual([])
  })

  it('its steps take no files, network or processes of their own', () => {
    const steps = from(folder).filter(({ file, to }) => file !== `${folder}main.ts` && isBuiltin(to))
    expect(beyond(steps, 'node:crypto')).toEqual([])
  })

  it('nobody else imports it', () => {
    expect(imports.filter(({ file, to }) => to.startsWith(folder) && !file.startsWith(folder))).toEqual([])
  })
})

test('every folder of jobs is a zone; only quarantine, which is read and does nothing, has none', () => {
  const folders = new Set(filesUnder('jobs').map(file => file.split('/')[1] ?? ''))
  expect([...folders, 'quarantine'].sort()).toEqual([...zones].sort())
})

describe('the edges', () => {
  it('web imports core, ports and the map; only main.ts touches adapters', () => {
    const pages = own(from('src/web/')).filter(({ file }) => file !== 'src/web/main.ts')
    expect(beyond(pages, 'src/core/', 'src/ports/', 'src/cycle.ts', 'src/web/')).toEqual([])
    const wiring = ['src/core/', 'src/ports/', 'src/adapters/', 'src/cycle.ts', 'src/web/']
    expect(beyond(own(from('src/web/main.ts')), ...wiring)).toEqual([])
  })

  it('what archive and dashboard show their pages with imports core and ports, and reads its own style', () => {
    const builtins = ['node:crypto', 'node:fs', 'node:http']
    expect(beyond(from('src/pages/'), 'src/core/', 'src/ports/', 'src/pages/', ...builtins)).toEqual([])
    const readers = from('src/pages/').filter(({ to }) => to === 'node:fs')
    expect(readers.map(({ file }) => file)).toEqual(['src/pages/frame.ts'])
  })

  it.each(['archive', 'dashboard'])(
    '%s imports core, ports and pages; only main.ts touches adapters',
    name => {
      const folder = `src/${name}/`
      const shown = own(from(folder)).filter(({ file }) => file !== `${folder}main.ts`)
      expect(beyond(shown, 'src/core/', 'src/ports/', 'src/pages/', folder)).toEqual([])
      const main = own(from(`${folder}main.ts`))
      const wiring = ['src/core/', 'src/adapters/postgres/', 'src/adapters/system/', folder]
      expect(beyond(main, ...wiring)).toEqual([])
    },
  )

  it('V1’s way out imports core; only main.ts touches adapters', () => {
    const proxy = own(from('src/egress/')).filter(({ file }) => file !== 'src/egress/main.ts')
    expect(beyond(proxy, 'src/core/', 'src/egress/')).toEqual([])
    const wiring = ['src/adapters/system/', 'src/adapters/prometheus/', 'src/egress/']
    expect(beyond(own(from('src/egress/main.ts')), ...wiring)).toEqual([])
  })

  it('nobody imports web, the dashboard, the supervisor or a command line but the command line', () => {
    const edges = ['src/web/', 'src/egress/', 'src/dashboard/', 'src/supervisor/', 'src/cli/']
    const into = (edge: string): Import[] => imports.filter(({ to }) => to.startsWith(edge))
    const strays = edges.flatMap(edge =>
      into(edge).filter(({ file }) => !file.startsWith('src/cli/') && !file.startsWith(edge)),
    )
    expect(strays).toEqual([])
  })

  it('the supervisor knows environments and database roles, and no zone', () => {
    const allowed = [
      'src/supervisor/',
      'src/adapters/system/environment-role.ts',
      'src/adapters/postgres/roles.ts',
    ]
    expect(beyond(own(from('src/supervisor/')), ...allowed)).toEqual([])
  })

  it('the command line imports no zone', () => {
    expect(from('src/cli/').filter(({ to }) => to.startsWith('jobs/'))).toEqual([])
  })

  it('the sandbox is reached from the command line only', () => {
    const reaching = new Set(imports.filter(({ to }) => to.startsWith('sandbox/')).map(({ file }) => file))
    expect([...reaching].filter(file => !/^src\/cli\/(start|sandbox)[\w-]*\.ts$/.test(file))).toEqual([])
  })

  it('what runs in production imports no test, benchmark or development package', () => {
    expect(imports.filter(({ to }) => /^(test|bench|scripts)\//.test(to))).toEqual([])
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    const packages = imports.filter(({ to }) => !isOwn(to) && !isBuiltin(to))
    // Types only: its package is @types/mdast.
    expect(beyond(packages, ...Object.keys(dependencies), 'mdast')).toEqual([])
  })
})
