import type { Category } from '../../core/review/finding.ts'
import type { Rule } from './rules/rule.ts'

const testPath =
  /(?:^|\/)(?:tests?|specs?|__tests__|testing|test-?data|fixtures|__mocks__|e2e)\/|[._-](?:test|tests|spec)\.\w+$|_test\.\w+$|(?:^|\/)(?:test_[^/]*|conftest)\.py$|(?:^|\/)[^/]*Tests?(?:Case)?\.(?:java|php)$|(?:^|\/)src\/test\//i
const demonstration = /(?:^|\/)(?:examples?|demos?|samples?|docs?|documentation)\/|\.(?:md|mdx|rst|adoc)$/i

function isTestPath(path: string): boolean {
  return testPath.test(path)
}

/** Where a made-up password or key is what one expects. */
export function isDemonstration(path: string): boolean {
  return isTestPath(path) || demonstration.test(path)
}

const quiet: readonly Category[] = ['security', 'reliability', 'performance']
/** Wrong in a test as anywhere, or only in a test. */
const evenInTests = new Set([
  'oxlint/no-focused-tests',
  'oxlint/no-debugger',
  'ruff/B017',
  'secretlint/recognised',
  'secretlint/github-token',
  'secretlint/cloud-key',
])

/** A test may be careless on purpose: an unverified certificate, a dropped error, a key made for it. */
export function isSaidIn(path: string, rule: Rule): boolean {
  return !quiet.includes(rule.category) || evenInTests.has(rule.id) || !isTestPath(path)
}
