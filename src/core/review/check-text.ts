import type { FaultCode } from '../fault.ts'
import type { CheckReport } from './check.ts'

/** The check run of a pull request that is not reviewed on purpose. `text` is Markdown of our own. */
export function renderSkip(text: string): Omit<CheckReport, 'conclusion'> & { conclusion: 'skipped' } {
  return { conclusion: 'skipped', title: 'Not reviewed', summary: text, annotations: [] }
}

/** The check run of a head that is not the newest any more. `why` is a sentence of our own. */
export function renderSuperseded(why: string): Omit<CheckReport, 'conclusion'> & { conclusion: 'cancelled' } {
  return { conclusion: 'cancelled', title: 'Superseded', summary: `Not finished: ${why}.`, annotations: [] }
}

/** The check run of a review that was given up. */
export function renderFailure(code: FaultCode): CheckReport {
  return {
    conclusion: 'neutral',
    title: 'Review failed, nothing is cleared',
    summary: `${explanations[code] ?? 'Something went wrong that Cupel does not know how to handle.'} (\`${code}\`)\n\nComment \`/cupel review\` to try again; whoever runs Cupel finds the cause in its log and in docs/errors.md.`,
    annotations: [],
  }
}

const explanations: Partial<Record<FaultCode, string>> = {
  'github-unauthorized': 'GitHub refused the App’s credentials.',
  'github-forbidden': 'The App lacks a permission; an owner may have to accept its new permissions.',
  'github-not-found': 'GitHub no longer shows this pull request to the App.',
  'github-unprocessable': 'GitHub refused what Cupel wanted to post.',
  'github-rate-limited': 'GitHub’s rate limit did not let Cupel finish.',
  'github-unavailable': 'GitHub did not answer, also after several tries.',
  'database-unavailable': 'Cupel’s database did not answer, also after several tries.',
  'queue-unavailable': 'Cupel’s queue did not answer, also after several tries.',
  'configuration-invalid': 'Cupel’s own configuration is not usable.',
  'input-malformed': 'The pull request’s data could not be read.',
}
