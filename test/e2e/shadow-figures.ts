/*
 * What people say, hunk by hunk, and what it makes of the three reviewers. V2 is production's own review. Hunks are
 * tp, fp, fn, tn; ? is unknown (a finding nobody judged) and . is unlabelled: neither counts.
 *
 *            hunk            said by people                                     so it is      V2  keen shy
 *   orders   pay             author 👍, triage ❤️                                real          tp  tp   fn
 *            log             triage 👎; an outsider's 👍 and a bot's             no issue      fp  tn   fp
 *            sum             a reviewer's comment, then the author's fix         real          fn  tp   fn
 *            date            an outsider's 👍 alone                              unjudged      ?   ?    .
 *   stock    ledger, line 3  triage "useful"                                    real          tp  tp   tp
 *            ledger, line 36 author "wrong"                                     no issue      fp  fp   tn
 *            cache           thread resolved, line changed: tier B              unjudged      ?   ?    .
 *            lock            thread resolved, line as it was                    unjudged      ?   .    .
 *            retry           author 👍, triage 👎                                disputed      ?   ?    .
 *   mail     mail            the suggestion is pushed                           real          tp  tp   fn
 *            greet           author 👎, and later 👍 instead                     real          tp  fn   fn
 *   lesson   tax             author 👍: of the training split, in no figure      real
 *
 * Of the shy one's run on mail nothing can be read: it fails, and finds nothing.
 */
export const hunks = {
  keen: {
    orders: 'tp 2 fp 0 fn 0 tn 1 ? 1',
    stock: 'tp 1 fp 1 fn 0 tn 0 ? 2',
    mail: 'tp 1 fp 0 fn 1 tn 0 ? 0',
  },
  shy: {
    orders: 'tp 0 fp 1 fn 2 tn 0 ? 0',
    stock: 'tp 1 fp 0 fn 0 tn 1 ? 0',
    mail: 'tp 0 fp 0 fn 2 tn 0 ? 0',
  },
  V2: {
    orders: 'tp 1 fp 1 fn 1 tn 0 ? 1',
    stock: 'tp 1 fp 1 fn 0 tn 0 ? 3',
    mail: 'tp 2 fp 0 fn 0 tn 0 ? 0',
  },
} as const

/*
 * accuracy      mean of (tp + tn) / labelled over pull requests: keen (3/3 + 1/2 + 1/2) / 3, shy (0/3 + 2/2 + 0/2) / 3,
 *               V2 (1/3 + 1/2 + 2/2) / 3; their bounds, Student's t with 2 degrees of freedom, lie outside of 0 to 1
 * mute          of orders 1 hunk of 3 holds nothing real, of stock 1 of 2, of mail 0 of 2: (1/3 + 1/2 + 0) / 3
 * precision     findings that are right of those judged: keen pay sum mean mail of these and first; shy mean of mean
 *               and log; V2 pay mean mail greet of these, log and first
 * recall        real issues found of five (pay sum mean mail greet)
 * coverage      findings judged: of keen's 3 + 4 + 1 not date, cache and retry; both of the shy one's
 * satisfaction  5 (pleased + 10 s0) / (all + 10): pay weighs 0.9 + 0.9, log, sum and greet 0.9, the others 1;
 *               V2 was pleased with 1.8 + 1 + 1 + 0.9 of these and 0.9 + 1
 */
const s0 = 4.7 / 6.6
export const figures = {
  keen: {
    pull_requests: 3,
    labelled_hunks: 7,
    accuracy: 2 / 3,
    accuracy_low: 0,
    accuracy_high: 1,
    mute_accuracy: 5 / 18,
    finding_precision: 4 / 5,
    finding_recall: 4 / 5,
    label_coverage: 5 / 8,
    error_rate: 0,
    false_positives: 1,
    false_negatives: 1,
    user_satisfaction: (5 * (4.7 + 10 * s0)) / (5.7 + 10),
  },
  shy: {
    pull_requests: 3,
    labelled_hunks: 7,
    accuracy: 1 / 3,
    accuracy_low: 0,
    accuracy_high: 1,
    mute_accuracy: 5 / 18,
    finding_precision: 1 / 2,
    finding_recall: 1 / 5,
    label_coverage: 1,
    error_rate: 1 / 3,
    false_positives: 1,
    false_negatives: 4,
    user_satisfaction: (5 * (1 + 10 * s0)) / (1.9 + 10),
  },
} as const
/** Accuracy of V2, and of the trial less that of V2, as sums over the three pull requests. */
export const paired = {
  keen: { baseline: 11 / 6, difference: 3 / 3 - 1 / 3 + (1 / 2 - 1 / 2) + (1 / 2 - 1) },
  shy: { baseline: 11 / 6, difference: 0 - 1 / 3 + (1 - 1 / 2) + (0 - 1) },
}
export const trials = ['keen', 'shy'] as const
export type Trial = (typeof trials)[number]
