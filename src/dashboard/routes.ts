import type { Page } from '../pages/frame.ts'
import type { Cycle } from '../ports/dashboard.ts'
import type { FormMarks } from './forms.ts'
import { actionPage, actionsPage } from './pages/actions.ts'
import { auditPage } from './pages/audit.ts'
import { costPage } from './pages/cost.ts'
import { experimentPage, experimentsPage } from './pages/experiments.ts'
import { overviewPage } from './pages/overview.ts'
import { quarantinePage, recordPage } from './pages/quarantine.ts'
import { releasePage, releasesPage } from './pages/releases.ts'
import { verdictPage } from './pages/verdict.ts'

const AUDIT_ENTRIES = 50
const ACTIONS = 100

interface Asked {
  cycle: Cycle
  /** Empty: the list. */
  id: string
  query: URLSearchParams
  marks: FormMarks
  now: Date
}

/** What each path shows, by its first part. Null: there is no such thing. */
export const routes: Record<string, (asked: Asked) => Promise<Page | null>> = {
  '': async ({ cycle }) =>
    overviewPage({
      settings: await cycle.settings(),
      slo: await cycle.slo(),
      releases: await cycle.releases(),
      experiments: await cycle.experiments(),
      lastWords: await cycle.lastWords(),
      records: await cycle.records(),
      audit: await cycle.audit(5, null),
    }),

  async experiments({ cycle, id, marks }) {
    if (id === '') return experimentsPage(await cycle.experiments(), await cycle.lastWords())
    const standing = await cycle.standing(id)
    return standing === null ? null : experimentPage(standing, await cycle.runCounts(id), marks)
  },

  async releases({ cycle, id, marks }) {
    const all = await cycle.releases()
    if (id === '') return releasesPage(all)
    const release = all.find(each => each.id === id)
    if (release === undefined) return null
    return releasePage(release, await cycle.releaseSteps(id), await cycle.releaseOrders(id), marks)
  },

  async verdicts({ cycle, id }) {
    const explanation = await cycle.explanation(id)
    return explanation === null ? null : verdictPage(explanation)
  },

  async quarantine({ cycle, id, marks, now }) {
    if (id === '') return quarantinePage(await cycle.records())
    const record = await cycle.record(id)
    return record === null ? null : recordPage(record, marks, now)
  },

  async actions({ cycle, id }) {
    if (id === '') return actionsPage(await cycle.actions(ACTIONS))
    const action = await cycle.action(id)
    return action === null ? null : actionPage(action)
  },

  async audit({ cycle, id, query }) {
    if (id !== '') return null
    const given = query.get('before') ?? ''
    const before = /^\d{1,15}$/.test(given) ? Number(given) : null
    const found = await cycle.audit(AUDIT_ENTRIES + 1, before)
    const shown = found.slice(0, AUDIT_ENTRIES)
    return auditPage(shown, found.length > AUDIT_ENTRIES ? (shown.at(-1)?.sequence ?? null) : null)
  },

  async cost({ cycle, id, now }) {
    if (id !== '') return null
    const to = now.toISOString().slice(0, 10)
    const span = { from: `${to.slice(0, 8)}01`, to }
    return costPage(span, await cycle.costs('zone', span), await cycle.costs('experiment', span))
  },
}
