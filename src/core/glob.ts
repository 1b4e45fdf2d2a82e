import picomatch from 'picomatch'

/**
 * Globs of .github/cupel.yml. They are matched against paths that anybody who opens a pull request
 * may choose, so matching time must stay small whatever the glob: extended globs are refused
 * (CVE-2026-33671), braces are expanded up front, and each path segment is matched on its own, so
 * that backtracking never reaches over a slash.
 */
export const globLimits = {
  length: 256,
  count: 100,
  /** Runs of `*` in one glob, after which every further run multiplies the work. */
  stars: 5,
  /** Backtracking costs the segment length (at most 255) to this power. */
  starsPerSegment: 2,
  /** Globs that one glob with braces may stand for. */
  alternatives: 64,
} as const

/** NAME_MAX of the file systems git is used on; a longer segment matches only itself and `**`. */
const longestSegment = 255

export type GlobCheck = { kind: 'ok' } | { kind: 'refused'; why: string; cure: string }

/** Says whether a glob may be used, and what to write instead when not. */
export function checkGlob(glob: string): GlobCheck {
  if (glob === '') return refused('the glob is empty', 'write a path such as `src/**`')
  if (glob.length > globLimits.length) {
    return refused(`the glob is longer than ${globLimits.length} characters`, 'split it into several globs')
  }
  if (/[\u0000-\u001f\u007f]/.test(glob)) return refused('the glob holds a control character', 'remove it')
  if (glob.startsWith('!')) {
    return refused('a glob cannot be negated', 'write it without `!` under `paths: exclude`')
  }
  if (glob.startsWith('/') || glob.startsWith('./')) {
    return refused('globs start at the root of the repository already', 'remove the leading `/` or `./`')
  }
  if (glob.split('/').includes('..'))
    return refused('`..` leaves the repository', 'write the path from the root')
  if (glob.includes('\\')) return refused('a backslash has no meaning here', 'separate folders by `/`')
  if (/[!@?*+]\(/.test(glob) || glob.includes('|')) {
    return refused('extended globs are not allowed', 'write braces, such as `*.{js,ts}`, or several globs')
  }
  const withoutClasses = glob.replaceAll(/\[[!^]?[^[\]/{},]+\]/g, '?')
  if (/[[\]]/.test(withoutClasses)) return refused('a bracket is not closed', 'write a class such as `[a-z]`')
  if ((withoutClasses.match(/\*+/g) ?? []).length > globLimits.stars) {
    return refused(`more than ${globLimits.stars} wildcards \`*\``, 'write fewer, `**` crosses folders')
  }
  const expanded = expandBraces(glob)
  if (expanded.kind === 'refused') return expanded
  for (const one of expanded.globs) {
    for (const segment of one.split('/')) {
      const stars = (segment.match(/\*+/g) ?? []).length
      if (stars > globLimits.starsPerSegment) {
        return refused(
          `more than ${globLimits.starsPerSegment} wildcards \`*\` between two slashes`,
          'write fewer, one `*` already matches any text',
        )
      }
    }
  }
  return { kind: 'ok' }
}

/** Decides by path. Throws RangeError for a glob that checkGlob refuses or when there are too many. */
export function compileGlobs(globs: readonly string[]): (path: string) => boolean {
  if (globs.length > globLimits.count) throw new RangeError(`more than ${globLimits.count} globs`)
  const patterns = globs.flatMap(glob => {
    const check = checkGlob(glob)
    if (check.kind === 'refused') throw new RangeError(`glob ${JSON.stringify(glob)}: ${check.why}`)
    const expanded = expandBraces(glob)
    return expanded.kind === 'ok' ? expanded.globs.map(compileOne) : []
  })
  return path => {
    const segments = path.split('/')
    return patterns.some(pattern => matchSegments(pattern, segments))
  }
}

type SegmentPattern = 'any-depth' | ((segment: string) => boolean)

function compileOne(glob: string): SegmentPattern[] {
  // A trailing slash names a folder: everything beneath it.
  const whole = glob.endsWith('/') ? `${glob}**` : glob
  return whole
    .split('/')
    .filter((segment, index, all) => segment !== '**' || all[index - 1] !== '**')
    .map(compileSegment)
}

function compileSegment(segment: string): SegmentPattern {
  if (/^\*\*+$/.test(segment)) return 'any-depth'
  if (!/[*?[]/.test(segment)) return name => name === segment
  // Outside of classes these would reach the regular expression as operators; here they are plain text.
  const literal = segment
    .replaceAll(/[()+{}]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, '*')
    .replaceAll('[!', '[^')
  const matches = picomatch(literal, { noextglob: true, nonegate: true, nobrace: true, dot: true })
  return name => name.length <= longestSegment && matches(name)
}

/** Goes back only to the last `**`, which is enough: time is at most pattern length × path length. */
function matchSegments(pattern: readonly SegmentPattern[], path: readonly string[]): boolean {
  let p = 0
  let s = 0
  let lastAny = -1
  let resume = 0
  while (s < path.length) {
    const want = pattern[p]
    if (want === 'any-depth') {
      lastAny = p++
      resume = s
      // `a/**` means what lies beneath a, not a itself.
      if (p === pattern.length) return true
    } else if (want?.(path[s] ?? '')) {
      p++
      s++
    } else if (lastAny >= 0) {
      p = lastAny + 1
      s = ++resume
    } else {
      return false
    }
  }
  return p === pattern.length
}

type Expansion = { kind: 'ok'; globs: string[] } | { kind: 'refused'; why: string; cure: string }

/** `a.{js,ts}` → `a.js`, `a.ts`. Innermost braces first, so that nesting needs no recursion. */
function expandBraces(glob: string): Expansion {
  let globs = [glob]
  for (;;) {
    const next: string[] = []
    let changed = false
    for (const one of globs) {
      const inner = /\{([^{}]*)\}/.exec(one)
      if (!inner) {
        if (/[{}]/.test(one)) return refused('a brace is not closed', 'close it, such as `{js,ts}`')
        next.push(one)
        continue
      }
      const alternatives = (inner[1] ?? '').split(',')
      if (alternatives.length < 2) {
        return refused('braces hold alternatives with commas', 'write `{js,ts}`; ranges are not understood')
      }
      changed = true
      for (const alternative of alternatives) {
        next.push(one.slice(0, inner.index) + alternative + one.slice(inner.index + inner[0].length))
      }
      if (next.length > globLimits.alternatives) {
        return refused(
          `the braces stand for more than ${globLimits.alternatives} globs`,
          'split it into several globs',
        )
      }
    }
    globs = [...new Set(next)]
    if (!changed) return { kind: 'ok', globs }
  }
}

function refused(why: string, cure: string): { kind: 'refused'; why: string; cure: string } {
  return { kind: 'refused', why, cure }
}
