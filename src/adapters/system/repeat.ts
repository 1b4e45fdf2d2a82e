/**
 * Does work again and again, never beside itself: a turn that comes while the last one is still at work is left out.
 * What fails is logged and tried again at the next turn; nothing is once `signal` says stop.
 */
export function repeater(options: {
  log: { warn(fields: object, message: string): void }
  signal: AbortSignal
}): (everyMs: number, name: string, work: () => Promise<unknown>, first?: 'at-once') => NodeJS.Timeout {
  return (everyMs, name, work, first) => {
    let busy = false
    const turn = (): void => {
      if (busy || options.signal.aborted) return
      busy = true
      work()
        .catch((error: unknown) => {
          if (!options.signal.aborted) options.log.warn({ err: error }, `${name} failed; it is tried again`)
        })
        .finally(() => (busy = false))
    }
    if (first === 'at-once') turn()
    return setInterval(turn, everyMs)
  }
}
