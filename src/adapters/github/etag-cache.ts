/** Answers kept for conditional requests: a 304 does not count against GitHub's hourly limit. */
export interface EtagCache {
  get(key: string): { etag: string; headers: Readonly<Record<string, unknown>>; data: unknown } | undefined
  /** `weight` in characters, roughly. An answer heavier than the whole cache is not kept. */
  set(
    key: string,
    entry: { etag: string; headers: Readonly<Record<string, unknown>>; data: unknown },
    weight: number,
  ): void
}

/** Least recently used goes first. In memory, per process: losing it costs calls, never correctness. */
export function etagCache(limits: { entries: number; weight: number }): EtagCache {
  const kept = new Map<string, { entry: ReturnType<EtagCache['get']>; weight: number }>()
  let total = 0
  const drop = (key: string) => {
    total -= kept.get(key)?.weight ?? 0
    kept.delete(key)
  }
  return {
    get(key) {
      const found = kept.get(key)
      if (!found) return undefined
      kept.delete(key)
      kept.set(key, found)
      return found.entry
    },
    set(key, entry, weight) {
      drop(key)
      if (weight > limits.weight) return
      kept.set(key, { entry, weight })
      total += weight
      for (const oldest of kept.keys()) {
        if (kept.size <= limits.entries && total <= limits.weight) break
        drop(oldest)
      }
    },
  }
}
