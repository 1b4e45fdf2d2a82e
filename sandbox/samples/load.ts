import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { type SampleFile, parseBundle } from './bundle.ts'
import { sampleRepositories } from './pull-requests.ts'

export interface PlantedDefect {
  path: string
  /** RIGHT line at the head. */
  line: number
  /** The rule that claims it; null for one that no rule claims. */
  claimedBy: string | null
  kind: string
}

export interface SamplePullRequest {
  branch: string
  title: string
  body: string
  author: string
  draft: boolean
  /** Contents at the head by path; null deletes. */
  changes: Map<string, string | Uint8Array | null>
  /** git file modes that differ from 100644. */
  modes: Map<string, string>
  planted: PlantedDefect[]
  /** Nothing may be found. */
  clean: boolean
}

export interface SampleRepository {
  owner: string
  name: string
  baseFiles: Map<string, string | Uint8Array>
  pullRequests: SamplePullRequest[]
}

const head = z.strictObject({
  title: z.string(),
  author: z.string(),
  body: z.string(),
  draft: z.boolean().default(false),
  clean: z.boolean().default(false),
})

/** The sample repositories with their pull requests. Throws when a bundle cannot be read. */
export async function loadSamples(): Promise<SampleRepository[]> {
  return Promise.all(
    sampleRepositories.map(async ({ owner, name, branches }) => {
      const base = parseBundle(await bundle(name, 'base')).files
      return {
        owner,
        name,
        baseFiles: new Map(base.map(file => [file.path, file.contents ?? ''])),
        pullRequests: await Promise.all(branches.map(branch => loadPullRequest(name, branch))),
      }
    }),
  )
}

async function loadPullRequest(repository: string, branch: string): Promise<SamplePullRequest> {
  const { preamble, files } = parseBundle(await bundle(repository, branch))
  return {
    branch,
    ...head.parse(parse(preamble)),
    changes: new Map(files.map(file => [file.path, file.contents])),
    modes: new Map(files.flatMap(file => (file.mode === undefined ? [] : [[file.path, file.mode]]))),
    planted: files.flatMap((file: SampleFile) => file.planted.map(defect => ({ path: file.path, ...defect }))),
  }
}

function bundle(repository: string, name: string): Promise<string> {
  return readFile(new URL(`./${repository}/${name}.txt`, import.meta.url), 'utf8')
}
