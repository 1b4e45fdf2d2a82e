import { z } from 'zod'
import { type AnalyserName, analyserNames } from './configuration.ts'
import { checkGlob, compileGlobs, globLimits } from './glob.ts'
import { severities, type Severity } from './review/finding.ts'

/** What .github/cupel.yml may say: the one source of its defaults, its JSON Schema and its documentation. */

const glob = z
  .string()
  .max(globLimits.length)
  .superRefine((value, context) => {
    const check = checkGlob(value)
    if (check.kind === 'refused') {
      context.addIssue({ code: 'custom', message: check.why, params: { cure: check.cure } })
    }
  })
const globs = z.array(glob).max(globLimits.count)
const label = z.string().min(1).max(50)

const language = z
  .string()
  .max(35)
  .superRefine((value, context) => {
    try {
      Intl.getCanonicalLocales(value)
    } catch {
      context.addIssue({
        code: 'custom',
        message: 'not a language tag',
        params: { cure: 'write a BCP 47 tag such as `en`, `de` or `pt-BR`' },
      })
    }
  })

const analyserSwitches = z.strictObject({
  oxlint: z.boolean().default(true).describe('JavaScript and TypeScript.'),
  ruff: z.boolean().default(true).describe('Python.'),
  secretlint: z.boolean().default(true).describe('Credentials in any file.'),
  actionlint: z.boolean().default(true).describe('GitHub Actions workflows.'),
  'ast-grep': z.boolean().default(true).describe('Go, Java, Ruby, Rust, C, C++, PHP.'),
} satisfies Record<AnalyserName, z.ZodType>)

export const repositoryConfigurationSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether Cupel reviews pull requests of this repository at all.'),
  drafts: z.boolean().default(false).describe('Review drafts too, not only what is ready for review.'),
  bots: z.boolean().default(false).describe('Review pull requests that a bot opened.'),
  paths: z
    .strictObject({
      include: globs.default(['**']).describe('Only files that match one of these globs are reviewed.'),
      exclude: globs.default([]).describe('Files that match one of these globs are not reviewed.'),
    })
    .prefault({})
    .describe('Which files are reviewed. Globs start at the root; `exclude` wins over `include`.'),
  path_instructions: z
    .array(
      z.strictObject({
        paths: z
          .union([glob, z.array(glob).min(1).max(globLimits.count)])
          .describe('A glob, or a list of globs.'),
        instructions: z
          .string()
          .min(1)
          .max(4000)
          .describe('What the reviewer should look at in these files.'),
      }),
    )
    .max(50)
    .default([])
    .describe('Instructions for the models about some of the files.'),
  severity_floor: z
    .enum(severities)
    .default('low')
    .describe('The least severity that is posted; critical is the worst, info the least.'),
  max_comments: z
    .int()
    .min(0)
    .max(30)
    .default(20)
    .describe('Inline comments of one review at most; the rest is counted in the summary.'),
  language: language.default('en').describe('BCP 47 tag of the language that findings are written in.'),
  analysers: z
    .union([z.boolean(), analyserSwitches])
    .default(true)
    .describe('All analysers on or off, or a map that switches single ones.'),
  labels: z
    .strictObject({
      skip: z
        .array(label)
        .max(50)
        .default(['cupel: skip'])
        .describe('A pull request with one of these labels is not reviewed.'),
      force: z
        .array(label)
        .max(50)
        .default(['cupel: review'])
        .describe('A pull request with one of these labels is reviewed although it is a draft or by a bot.'),
    })
    .prefault({})
    .describe('Labels that decide about a review; `skip` wins over `force`.'),
  shadow_sampling: z
    .union([z.boolean(), z.number().min(0).max(1)])
    .default(true)
    .describe(
      'Whether pull requests of this repository may be copied to experiments, which post nothing; a number from 0 to 1 is the largest share of them.',
    ),
})

export type RepositoryConfiguration = z.output<typeof repositoryConfigurationSchema>

/** What holds where the repository says nothing. */
export function defaultConfiguration(): RepositoryConfiguration {
  return repositoryConfigurationSchema.parse({})
}

/** A repository's wishes as the engine takes them (Preferences). Globs are compiled once, here. */
export function toPreferences(configuration: RepositoryConfiguration): {
  includes(path: string): boolean
  instructionsFor(path: string): readonly string[]
  severityFloor: Severity
  maxComments: number
  language: string
  analysers: boolean
} {
  const included = compileGlobs(configuration.paths.include)
  const excluded = compileGlobs(configuration.paths.exclude)
  const instructions = configuration.path_instructions.map(entry => ({
    matches: compileGlobs(typeof entry.paths === 'string' ? [entry.paths] : entry.paths),
    text: entry.instructions,
  }))
  return {
    includes: path => included(path) && !excluded(path),
    instructionsFor: path => instructions.filter(entry => entry.matches(path)).map(entry => entry.text),
    severityFloor: configuration.severity_floor,
    maxComments: configuration.max_comments,
    language: configuration.language,
    analysers: allowedAnalysers(configuration).length > 0,
  }
}

/** The analysers that the repository has not switched off. */
export function allowedAnalysers(configuration: RepositoryConfiguration): AnalyserName[] {
  const { analysers } = configuration
  if (typeof analysers === 'boolean') return analysers ? [...analyserNames] : []
  return analyserNames.filter(name => analysers[name])
}
