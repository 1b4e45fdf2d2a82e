import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { renderHelp, renderRefusal, renderUnknown } from '../../src/core/command-text.ts'
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

describe('who may command', () => {
  const spending = ['review', 'review full', 'pause', 'resume', 'resolve'] as const
  const asking = ['explain', 'config', 'help'] as const
  const table = permissions.flatMap(permission => [true, false].map(isAuthor => ({ permission, isAuthor })))

  it.each(table)('$permission, author $isAuthor: spending needs write', who => {
    const expected = ['write', 'maintain', 'admin'].includes(who.permission) ? 'allowed' : 'refused'
    for (const form of spending) expect(authorise(form, who).kind).toBe(expected)
  })

  it.each(table)('$permission, author $isAuthor: asking needs triage or authorship', who => {
    const expected = who.isAuthor || !['none', 'read'].includes(who.permission) ? 'allowed' : 'refused'
    for (const form of asking) expect(authorise(form, who).kind).toBe(expected)
  })

  it('the tables above hold every command', () => {
    expect(new Set<string>([...spending, ...asking])).toEqual(new Set(commandTable.map(row => row.form)))
  })

  it.each([
    [{ permission: 'read', isAuthor: false } as const, true],
    [{ permission: 'none', isAuthor: false } as const, true],
    [{ permission: 'read', isAuthor: true } as const, false],
    [{ permission: 'triage', isAuthor: false } as const, false],
  ])('%o is refused silently: %s', (who, silent) => {
    expect(authorise('review', who)).toEqual({ kind: 'refused', needs: 'write', silent })
    expect(mayBeAnswered(who)).toBe(!silent)
  })
})

describe('what Cupel answers', () => {
  it('help and docs/commands.md name every command with the same words', () => {
    const document = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
    const rows = renderHelp()
      .split('\n')
      .filter(line => line.startsWith('| `/cupel'))
    expect(rows).toHaveLength(commandTable.length)
    for (const row of rows) expect(document).toContain(row)
  })

  it('a refusal names what is needed', () => {
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
      renderRefusal('review', 'write'),
      renderUnknown({ said: 'x', suggestion: null }),
    ]) {
      expect(parseCommand(text)).toEqual({ kind: 'none' })
    }
  })
})
