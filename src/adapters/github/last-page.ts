/** The number of the last page by GitHub's Link header; 1 when there is only one. */
export function lastPage(headers: Readonly<Record<string, unknown>>): number {
  const link = headers['link']
  if (typeof link !== 'string') return 1
  const last = /<([^>]+)>;\s*rel="last"/.exec(link)?.[1]
  if (!last || !URL.canParse(last)) return 1
  const page = Number(new URL(last).searchParams.get('page'))
  return Number.isSafeInteger(page) && page > 0 ? page : 1
}
