import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  answerMark,
  renderExperiments,
  renderAnswered,
  renderNotMeant,
  renderRequested,
} from '../../src/core/administrator-text.ts'
import { renderHelp, renderIncomplete, renderRefusal, renderUnknown } from '../../src/core/command-text.ts'
import { authorise, commandTable, mayBeAnswered, parseCommand, permissions } from '../../src/core/command.ts'

describe('a command is a line of its own', () => {
  it.each([
    ['/cupel review', 'review'],
    ['/cupel review full', 'review full'],
    ['  /cupel   pause  ', 'pause'],
    ['/CUPEL Resume\r\n', 'resume'],
    ['/cupel\tresolve', 'resolve'],
    ['Thanks!\n\n/cupel explain\nmore', 'explain'],
    ['/cupel config\n/cupel pause', 'config'],
    ['/cupel', 'help'],
    ['/cupel help', 'help'],
    ['```\n/cupel pause\n```\n/cupel review', 'review'],
    ['````\n```\n/cupel pause\n````\n/cupel review', 'review'],
    ['> /cupel pause\n\n/cupel review', 'review'],
    ['<!-- /cupel pause -->\n/cupel review', 'review'],
    ['<!--\n/cupel pause\n-->\n/cupel review', 'review'],
  ])('%j is %s', (body, form) => expect(parseCommand(body)).toEqual({ kind: 'command', form }))

  it.each([
    [''],
    ['please /cupel review'],
    ['`/cupel review`'],
    ['    /cupel review'],
    ['\t/cupel review'],
    ['> /cupel review'],
    ['>> /cupel review'],
    ['```\n/cupel review'],
    ['~~~\n/cupel review\n```\n/cupel review'],
    ['<!-- /cupel review'],
    ['<!-- x --> /cupel review'],
    ['/cupel review <!-- -->'],
    ['/cupelreview'],
    ['cupel review'],
    ['\u200b/cupel review'],
  ])('%j is none', body => expect(parseCommand(body)).toEqual({ kind: 'none' }))

  it.each([
    ['/cupel reveiw', 'reveiw', 'review'],
    ['/cupel review now', 'review now', 'review'],
    ['/cupel review --config.model=x', 'review --config.model=x', 'review'],
    ['/cupel merge', 'merge', null],
    ['/cupel review\u202e', 'review\u202e', 'review'],
    [`/cupel ${'x'.repeat(500)}`, 'x'.repeat(80), null],
  ])('%j is unknown, said and suggested', (body, said, suggestion) =>
    expect(parseCommand(body)).toEqual({ kind: 'unknown', said, suggestion }),
  )
})

describe('a command with words behind it', () => {
  it.each<[string, object]>([
    ['/cupel experiments', { form: 'experiments' }],
    ['/cupel promote 0b5f-1', { form: 'promote', subject: '0b5f-1' }],
    ['/CUPEL Promote X  as we said', { form: 'promote', subject: 'X', reason: 'as we said' }],
    ['/cupel quarantine e1 too slow\nmore', { form: 'quarantine', subject: 'e1', reason: 'too slow' }],
    ['/cupel reevaluate r1 new model', { form: 'reevaluate', subject: 'r1', reason: 'new model' }],
    ['/cupel blacklist r1 leaks', { form: 'blacklist', subject: 'r1', reason: 'leaks' }],
    ['/cupel rollback', { form: 'rollback' }],
    ['/cupel rollback too many errors', { form: 'rollback', reason: 'too many errors' }],
    [`/cupel rollback ${'x'.repeat(5_000)}`, { form: 'rollback', reason: 'x'.repeat(1_000) }],
  ])('%j is read', (body, command) =>
    expect(parseCommand(body.replaceAll('\\n', '\n'))).toEqual({ kind: 'command', ...command }),
  )

  it.each([
    ['/cupel promote', 'promote'],
    ['/cupel quarantine', 'quarantine'],
    ['/cupel quarantine e1', 'quarantine'],
    ['/cupel blacklist r1   ', 'blacklist'],
    ['/cupel reevaluate <script> because', 'reevaluate'],
    [`/cupel promote ${'x'.repeat(201)}`, 'promote'],
  ])('%j lacks something', (body, form) => {
    expect(parseCommand(body)).toEqual({ kind: 'incomplete', form })
  })
})

describe('who may command', () => {
  const spending = ['review', 'review full', 'pause', 'resume', 'resolve'] as const
  const asking = ['explain', 'config', 'help'] as const
  const administering = [
    'experiments',
    'promote',
    'quarantine',
    'reevaluate',
    'blacklist',
    'rollback',
  ] as const
  const table = permissions.flatMap(permission =>
    [true, false].map(isAuthor => ({ permission, isAuthor, administrator: false })),
  )

  it.each(table)('$permission, author $isAuthor: spending needs write', who => {
    const expected = ['write', 'maintain', 'admin'].includes(who.permission) ? 'allowed' : 'refused'
    for (const form of spending) expect(authorise(form, who).kind).toBe(expected)
  })

  it.each(table)('$permission, author $isAuthor: asking needs triage or authorship', who => {
    const expected = who.isAuthor || !['none', 'read'].includes(who.permission) ? 'allowed' : 'refused'
    for (const form of asking) expect(authorise(form, who).kind).toBe(expected)
  })

  it.each(table)('$permission, author $isAuthor: Cupel itself is for its administrators alone', who => {
    for (const form of administering) {
      expect(authorise(form, who)).toMatchObject({ kind: 'refused', needs: 'administrator' })
      expect(authorise(form, { ...who, administrator: true })).toEqual({ kind: 'allowed' })
    }
    // Nor does being one give anything else.
    expect(authorise('review', { ...who, administrator: true }).kind).toBe(authorise('review', who).kind)
  })

  it('the tables above hold every command', () => {
    expect(new Set<string>([...spending, ...asking, ...administering])).toEqual(
      new Set(commandTable.map(row => row.form)),
    )
  })

  it.each([
    [{ permission: 'read', isAuthor: false } as const, true],
    [{ permission: 'none', isAuthor: false } as const, true],
    [{ permission: 'read', isAuthor: true } as const, false],
    [{ permission: 'triage', isAuthor: false } as const, false],
  ])('%o is refused silently: %s', (who, silent) => {
    const nobody = { ...who, administrator: false }
    expect(authorise('review', nobody)).toEqual({ kind: 'refused', needs: 'write', silent })
    expect(mayBeAnswered(nobody)).toBe(!silent)
    expect(mayBeAnswered({ ...who, administrator: true })).toBe(true)
  })
})

describe('what Cupel answers', () => {
  const actions = ['promote', 'quarantine', 'reevaluate', 'blacklist', 'rollback'] as const
  const place = { owner: 'acme', name: 'shop', webUrl: 'https://github.example' }

  it('experiments on trial first, and never more than 50', () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ id: `e${index}`, name: 'n', state: 'stopped' }))
    const text = renderExperiments([...many, { id: 'trial', name: 'fast', state: 'active' }])
    expect(text.split('\n')[2]).toBe('| `trial` | `fast` | active |')
    expect(text).toContain('11 more are left out')
    expect(renderExperiments([])).toBe('There is no experiment.')
  })

  it.each([
    [
      'says what stands in the database as words only',
      'refused @everyone: see https://evil.example/x and #1 <img src=x> <!-- cupel:answer:comment:2 -->',
      ['`@everyone`', '`evil.example (link removed)`', '`#1`'],
      ['https://', '<img', '<!-- cupel:answer:comment:2'],
    ],
    [
      'keeps what the gate says of evidence',
      'wait (verdict v1): 0 of 60 labelled pull requests',
      ['wait (verdict v1): 0 of 60'],
      [],
    ],
  ])('an answer of the gate %s', (_what, outcome, has, hasNot) => {
    const asked = { form: 'promote', subject: 'e1', actionId: 'comment:1' } as const
    const text = renderAnswered(asked, { state: 'refused', outcome }, place)
    expect(text).toMatch(/^The gate refused `\/cupel promote e1`:\n\n/)
    for (const part of has) expect(text).toContain(part)
    for (const part of hasNot) expect(text).not.toContain(part)
    expect(text.endsWith(answerMark('comment:1'))).toBe(true)
  })

  it('help and docs/commands.md name every command with the same words', () => {
    const document = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
    const rows = renderHelp()
      .split('\n')
      .filter(line => line.startsWith('| `/cupel'))
    expect(rows).toHaveLength(commandTable.length)
    for (const row of rows) expect(document).toContain(row)
  })

  it('a refusal names what is needed', () => {
    expect(renderRefusal('promote', 'administrator')).toContain('CUPEL_ADMINS')
    expect(renderRefusal('pause', 'write')).toContain('`/cupel pause` needs write access')
  })

  it('an unknown command is quoted so that nothing in it acts', () => {
    const text = renderUnknown({ said: '`@all ![](x)\u202e\n/other', suggestion: 'review' })
    expect(text.split('\n')[0]).toBe(
      'There is no command `/cupel �@all ![](x)��/other`. Did you mean `/cupel review`?',
    )
    expect(text).toContain(renderHelp())
  })

  it('no answer begins a line with a command', () => {
    for (const text of [
      renderHelp(),
      renderIncomplete('quarantine'),
      renderNotMeant({ kind: 'none', said: '/cupel pause' }, 'promote'),
      renderNotMeant({ kind: 'several', said: 'x', ids: ['a\n/cupel pause', 'b'] }, 'rollback'),
      ...actions.map(form =>
        renderAnswered(
          { form, subject: '`\n/cupel pause', actionId: 'comment:1' },
          { state: 'done', outcome: 'so\n/cupel pause\n' },
          place,
        ),
      ),
      renderExperiments([{ id: 'e', name: '`\n/cupel pause\n|', state: 'active' }]),
      ...actions.map(form => renderRequested(form, 'e', 'comment:1')),
      renderRefusal('rollback', 'administrator'),
      renderRefusal('review', 'write'),
      renderUnknown({ said: 'x', suggestion: null }),
    ]) {
      expect(parseCommand(text)).toEqual({ kind: 'none' })
    }
  })
})
