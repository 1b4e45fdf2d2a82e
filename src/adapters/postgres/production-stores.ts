import type pg from 'pg'
import { actionRequests } from './action-requests.ts'
import { answers } from './answers.ts'
import { auditLog } from './audit-log.ts'
import { budgets } from './budgets.ts'
import { commands } from './commands.ts'
import { deliveryLog } from './delivery-log.ts'
import { feedback } from './feedback.ts'
import { followed } from './followed.ts'
import { labels } from './labels.ts'
import { locks } from './locks.ts'
import { orders } from './orders.ts'
import { pullRequests } from './pull-requests.ts'
import { releases } from './releases.ts'
import { reviewRequests } from './review-requests.ts'
import { reviews } from './reviews.ts'
import { samples } from './samples.ts'
import { slo } from './slo.ts'

/** Everything the production worker keeps, with the rights of cupel_production. `lockPool`: see locks. */
export function productionStores(pool: pg.Pool, lockPool: pg.Pool, options: Parameters<typeof releases>[1]) {
  return {
    deliveries: deliveryLog(pool),
    pullRequests: pullRequests(pool),
    requests: reviewRequests(pool),
    reviews: reviews(pool),
    releases: releases(pool, options),
    commands: commands(pool),
    actions: actionRequests(pool),
    answers: answers(pool),
    budgets: budgets(pool),
    locks: locks(lockPool),
    slo: slo(pool),
    orders: orders(pool, lockPool, options),
    audit: auditLog(pool),
    samples: samples(pool),
    feedback: feedback(pool),
    labels: labels(pool),
    followed: followed(pool),
  }
}
