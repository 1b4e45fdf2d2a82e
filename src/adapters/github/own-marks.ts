/**
 * Cupel finds its own earlier words on a pull request by author and hidden mark together. A mark alone proves
 * nothing: anybody can write one.
 */
export const findingMark = '<!-- cupel:finding:'
export { summaryMark } from '../../core/review/comment.ts'

/** REST names a bot `<slug>[bot]`, GraphQL just `<slug>`; no user account can have type Bot. */
export function isOwnLogin(botLogin: string, author: { login: string; bot: boolean } | null): boolean {
  return author !== null && author.bot && bare(author.login) === bare(botLogin)
}

function bare(login: string): string {
  return login.replace(/\[bot\]$/, '').toLowerCase()
}
