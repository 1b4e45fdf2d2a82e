import { describe, expect, it } from 'vitest'
import { etagCache } from '../../../src/adapters/github/etag-cache.ts'
import { lastPage, pageLink } from '../../../src/adapters/github/page-link.ts'

const entry = (etag: string) => ({ etag, headers: {}, data: etag })

describe('etagCache', () => {
  it('forgets what was not asked for longest, by number', () => {
    const cache = etagCache({ entries: 2, weight: 100 })
    cache.set('a', entry('1'), 1)
    cache.set('b', entry('2'), 1)
    cache.get('a')
    cache.set('c', entry('3'), 1)
    expect(['a', 'b', 'c'].map(key => cache.get(key)?.etag)).toEqual(['1', undefined, '3'])
  })

  it('forgets by weight, and keeps nothing heavier than everything', () => {
    const cache = etagCache({ entries: 10, weight: 10 })
    cache.set('a', entry('1'), 6)
    cache.set('b', entry('2'), 6)
    cache.set('c', entry('3'), 11)
    expect(['a', 'b', 'c'].map(key => cache.get(key)?.etag)).toEqual([undefined, '2', undefined])
    // Replacing does not count twice.
    cache.set('b', entry('4'), 6)
    cache.set('d', entry('5'), 4)
    expect(['b', 'd'].map(key => cache.get(key)?.etag)).toEqual(['4', '5'])
  })
})

describe('the Link header', () => {
  const link = '<https://h/x?page=2&per_page=5>; rel="next", <https://h/x?page=9&per_page=5>; rel="last"'
  it.each([
    [link, 9],
    [undefined, 1],
    ['', 1],
    ['<https://h/x?page=1>; rel="first"', 1],
    ['<not a url>; rel="last"', 1],
    ['<https://h/x?page=-3>; rel="last"', 1],
    ['<https://h/x>; rel="last"', 1],
  ])('%j has its last page at %i', (header, last) => {
    expect(lastPage({ link: header })).toBe(last)
  })

  it('names the next cursor, or none', () => {
    expect(pageLink({ link: '<https://h/x?cursor=v1_7>; rel="next"' }, 'next', 'cursor')).toBe('v1_7')
    expect(pageLink({ link }, 'next', 'cursor')).toBeNull()
  })
})
