/** How long handlers take, by moving averages, ms: what prefetching goes by (semantics R12). */
export type Pace = { overall: number | undefined; byHandler: Map<string, number> }

/** A child may hold so much work behind what runs, ms. */
export const prefetchMs = 20
/** Handlers that take longer, ms, have nothing put behind them; one never seen counts as such. */
export const slowMs = 50
/** A pool holds no more attempts than this behind those that run. */
export const maxPrefetch = 500

export const newPace = (): Pace => ({ overall: undefined, byHandler: new Map() })

/** Takes a run time into the averages. One run counts at most a second, so that after a long one 60 short ones suffice. */
export const record = (pace: Pace, handler: string, ranMs: number): void => {
  const ms = Math.min(ranMs, 1000)
  pace.overall = pace.overall === undefined ? ms : pace.overall + (ms - pace.overall) * 0.05
  const known = pace.byHandler.get(handler)
  pace.byHandler.set(handler, known === undefined ? ms : known + (ms - known) * 0.1)
}

/** What a run of a handler is expected to take, ms. */
export const expectedMs = (pace: Pace, handler: string): number => pace.byHandler.get(handler) ?? slowMs

/**
 * How many more attempts a child may hold.
 *
 * @param child.heldMs what it holds is expected to take so long
 */
export const room = (pace: Pace, child: { slots: number; held: number; heldMs: number }): number => {
  const free = Math.max(0, child.slots - child.held)
  if (pace.overall === undefined || pace.overall > slowMs) return free
  const leftMs = prefetchMs * child.slots - child.heldMs
  return Math.max(free, Math.min(maxPrefetch, Math.floor(leftMs / Math.max(pace.overall, 0.001))))
}

/** Whether a child holds more than twice the work that it may have behind what runs. */
export const isBehind = (child: { held: { size: number }; heldMs: number }, slots: number): boolean =>
  child.held.size > slots && (child.heldMs > 2 * prefetchMs * slots || child.held.size > 2 * maxPrefetch)
