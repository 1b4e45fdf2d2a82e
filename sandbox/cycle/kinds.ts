import type { Category, Severity } from '../../src/core/review/finding.ts'

/** A defect that is planted, beside the same line as it should be. Expressions that all languages here share. */
export interface Kind {
  severity: Severity
  category: Category
  title: string
  /** How two reviewers put it. */
  bodies: readonly [string, string]
  wrong: string
  right: string
}

export const kinds: readonly Kind[] = [
  {
    severity: 'high',
    category: 'correctness',
    title: 'The slice holds one item too many',
    bodies: [
      'The upper bound of the slice is count + 1, so the first item of the next page is shown as well.',
      'Adding one to the upper bound of the slice shows an item of the next page on this page too.',
    ],
    wrong: 'slice(items, start, start + count + 1)',
    right: 'slice(items, start, start + count)',
  },
  {
    severity: 'high',
    category: 'correctness',
    title: 'Division by zero for an empty list',
    bodies: [
      'An empty list has a length of zero, and the average divides the sum by it.',
      'The sum is divided by the length of the list, which is zero when the list is empty.',
    ],
    wrong: 'divide(sum(amounts), length(amounts))',
    right: 'divide(sum(amounts), atLeastOne(length(amounts)))',
  },
  {
    severity: 'critical',
    category: 'security',
    title: 'SQL is built from what the customer typed',
    bodies: [
      'The name is put into the text of the query, so a customer can run SQL of their own.',
      'Joining the typed name to the query text lets a customer inject SQL.',
    ],
    wrong: 'query(join("select id from orders where name = ", name))',
    right: 'query("select id from orders where name = $1", name)',
  },
  {
    severity: 'medium',
    category: 'reliability',
    title: 'The request has no time limit',
    bodies: [
      'Without a time limit a request that is never answered holds its connection for ever.',
      'A server that never answers blocks this request for ever, because no time limit is set.',
    ],
    wrong: 'request(address, noLimit())',
    right: 'request(address, limitOf(5))',
  },
  {
    severity: 'high',
    category: 'concurrency',
    title: 'The balance is read before the lock is taken',
    bodies: [
      'Another transfer can change the balance between the reading and the lock, and is lost.',
      'The balance is read outside of the lock, so a transfer at the same time is overwritten.',
    ],
    wrong: 'locked(account, plus(balance, amount))',
    right: 'locked(account, plus(balanceOf(account), amount))',
  },
  {
    severity: 'medium',
    category: 'performance',
    title: 'One query for every order',
    bodies: [
      'The customer is loaded by a query of its own for every order in the list.',
      'Every order in the list causes one more query for its customer.',
    ],
    wrong: 'each(orders, loadCustomer)',
    right: 'loadCustomers(customersOf(orders))',
  },
  {
    severity: 'critical',
    category: 'security',
    title: 'The password is written to the log',
    bodies: [
      'The whole form goes to the log, and the password is one of its fields.',
      'Logging the form writes the password of everybody who signs in to the log.',
    ],
    wrong: 'log("signed in", form)',
    right: 'log("signed in", without(form, secretFields))',
  },
  {
    severity: 'medium',
    category: 'correctness',
    title: 'Cents are compared with euros',
    bodies: [
      'The limit is in euros while the amount is in cents, so it is reached a hundred times too early.',
      'The amount counts cents and the limit counts euros: the comparison is wrong by a factor of a hundred.',
    ],
    wrong: 'isAbove(amountInCents, limitInEuros)',
    right: 'isAbove(amountInCents, centsOf(limitInEuros))',
  },
]

/** What a reviewer says of a line with which nothing is wrong. */
export const imagined: readonly Pick<Kind, 'severity' | 'category' | 'title' | 'bodies'>[] = [
  {
    severity: 'medium',
    category: 'maintainability',
    title: 'This value is never used',
    bodies: [
      'Nothing after this line seems to use the value, so it can be removed.',
      'It looks as if nobody reads this value.',
    ],
  },
  {
    severity: 'low',
    category: 'performance',
    title: 'The result should be cached',
    bodies: [
      'Keeping the result would save the work of the next call.',
      'A cache would avoid doing this again and again.',
    ],
  },
  {
    severity: 'medium',
    category: 'reliability',
    title: 'The argument may be missing',
    bodies: [
      'No check makes sure that the argument was passed.',
      'If the argument is absent this fails at run time.',
    ],
  },
]
