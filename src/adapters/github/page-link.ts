/** A parameter of the page that GitHub's Link header calls `rel`; null when there is no such page. */
export function pageLink(
  headers: Readonly<Record<string, unknown>>,
  rel: 'next' | 'last',
  parameter: 'page' | 'cursor',
): string | null {
  const link = headers['link']
  if (typeof link !== 'string') return null
  for (const [, url = '', name] of link.matchAll(/<([^>]+)>;\s*rel="([^"]+)"/g))
    if (name === rel && URL.canParse(url)) return new URL(url).searchParams.get(parameter)
  return null
}

/** The number of the last page; 1 when there is only one. */
export function lastPage(headers: Readonly<Record<string, unknown>>): number {
  const page = Number(pageLink(headers, 'last', 'page') ?? 1)
  return Number.isSafeInteger(page) && page > 0 ? page : 1
}
