import { z } from 'zod'
import { actionWords } from '../core/administrator-text.ts'
import { html, type Markup } from '../core/report/html.ts'
import { prose } from '../pages/parts.ts'
import type { GateAction } from '../ports/gate.ts'

/** What makes a form this session's, and sending it twice one action. */
export interface FormMarks {
  token: string
  key: string
}

const configurationParts = ['configuration', 'model', 'prompt', 'technique', 'routing'] as const
const kinds = ['promote', 'quarantine', 'reevaluate', 'blacklist', 'rollback'] as const

const sent = z.object({
  token: z.string(),
  key: z.uuid('was changed on its way; load the page again'),
  kind: z.enum(kinds),
  subject: z.string().min(1).max(300),
  part: z.enum(configurationParts).default('configuration'),
  reason: z
    .string()
    .trim()
    .min(1, 'is needed: say why, for the audit log')
    .max(2000, 'is longer than 2000 characters'),
  evidence: z.string().trim().max(2000, 'is longer than 2000 characters').default(''),
})

/** `evidence`: what is new since a configuration failed; null where nothing was said. */
export type Asked = Pick<GateAction, 'id' | 'kind' | 'subject' | 'reason'> & { evidence: string | null }

/** What a form asks for, or what is wrong with it. */
export function readAsked(fields: URLSearchParams): { asked: Asked } | { wrong: string } {
  const read = sent.safeParse(Object.fromEntries(fields))
  if (!read.success) {
    const [issue] = read.error.issues
    return { wrong: `${issue?.path.join('.')} ${issue?.message}` }
  }
  const { key, kind, subject, part, reason, evidence } = read.data
  const whole = kind === 'blacklist' && part !== 'configuration' ? `${subject}/${part}` : subject
  return { asked: { id: key, kind, subject: whole, reason, evidence: evidence === '' ? null : evidence } }
}

const titles: Record<GateAction['kind'], { title: string; button: string }> = {
  promote: { title: 'Ask the gate now', button: 'Decide now' },
  quarantine: { title: 'Put into quarantine', button: 'Put into quarantine' },
  reevaluate: { title: 'Ask for another trial', button: 'Try it again' },
  blacklist: { title: 'Never again', button: 'Blacklist' },
  rollback: { title: 'Take it back', button: 'Roll back' },
}

/** One thing to ask of the gate. `kind` and `subject` name the fields' ids, so each stands once on a page. */
export function askForm(kind: GateAction['kind'], subject: string, { token, key }: FormMarks): Markup {
  const { title, button } = titles[kind]
  const grave = kind === 'promote' || kind === 'reevaluate' ? '' : 'grave'
  return html`<form class="ask" method="post" action="/actions">
    <h3>${title}</h3>
    <p class="quiet">${prose(actionWords(kind, ` ${subject}`))}</p>
    <input type="hidden" name="token" value="${token}" /><input type="hidden" name="key" value="${key}" />
    <input type="hidden" name="kind" value="${kind}" /><input
      type="hidden"
      name="subject"
      value="${subject}"
    />
    ${kind === 'blacklist' ? partChoice() : null}<label for="reason-${kind}"
      >Reason, for the audit log (required)</label
    >
    <input type="text" id="reason-${kind}" name="reason" required maxlength="2000" autocomplete="off" />
    ${kind === 'reevaluate' ? newEvidence : null}
    <div><button class="${grave}">${button}</button></div>
  </form>`
}

const newEvidence = html`<label for="evidence">What is new since it failed, kept with the new trial</label>
  <input type="text" id="evidence" name="evidence" maxlength="2000" autocomplete="off" />`

function partChoice(): Markup {
  const options = configurationParts.map(
    part =>
      html`<option value="${part}">
        ${part === 'configuration' ? 'the whole configuration' : `its ${part}`}
      </option>`,
  )
  return html`<label for="part">What of it</label
    ><select id="part" name="part">
      ${options}
    </select>`
}
