import type { AbortReason } from './frame.ts'
import type { ChildProcess } from './process.ts'
import type { Work } from './work.ts'

/** An attempt that a child has. Times are of this process's monotonic clock, ms. */
export type Held = {
  work: Work
  expectedMs: number
  startedAt?: number
  /** That it has started is assumed: the child, which may be busy with it, has not said so. */
  assumed?: boolean
  /** Its handler is being loaded, which does not count against its limit, but has one of its own. */
  loading?: boolean
  abort?: { reason: AbortReason; at: number; graceMs: number }
}

/** A child and what it holds, in the order it was given. */
export type Child = {
  process: ChildProcess
  held: Map<number, Held>
  /** The sum of the expected times. */
  heldMs: number
  ready: boolean
  /** Gets nothing more, and ends when it holds nothing. */
  retiring: boolean
  /** Kept for `alone` work until that has ended. */
  reserved: boolean
  /** Has been asked to hand back what has not started. */
  asked: boolean
  ran: number
  /** Why it was killed, where the pool did it. */
  killed?: { key: number; reason: AbortReason }
  /** It was killed because its pool closed before it had ended. */
  outlasted?: boolean
  /** It exits by itself, and this attempt did it (null: none can be named). */
  exiting?: { key: number | null; code: number }
}

export const newChild = (process: ChildProcess): Child => ({
  process,
  held: new Map(),
  heldMs: 0,
  ready: false,
  retiring: false,
  reserved: false,
  asked: false,
  ran: 0,
})

export const hold = (child: Child, work: Work, expectedMs: number): void => {
  child.held.set(work.key, { work, expectedMs })
  child.heldMs += expectedMs
}

/** Takes an attempt from what a child holds. */
export const drop = (child: Child, key: number): Held | undefined => {
  const held = child.held.get(key)
  if (!held) return undefined
  child.held.delete(key)
  child.heldMs = child.held.size === 0 ? 0 : child.heldMs - held.expectedMs
  return held
}

/** A child says that an attempt has started, unless it ends at once; and again when its handler has been loaded. */
export const restart = (child: Child, key: number, loading: boolean, now: number): void => {
  const held = child.held.get(key)
  if (!held) return
  held.startedAt = now
  held.assumed = false
  held.loading = loading
}

/** The first that a child holds has started in any case, though a busy child has not said so. */
export const markFirst = (child: Child, now: number): void => {
  const held = first(child)
  if (!held || !child.ready || held.startedAt !== undefined) return
  held.startedAt = now
  held.assumed = true
}

const first = (child: Child): Held | undefined => child.held.values().next().value

/** What takes longer than expected counts as slow, so that nothing more is put behind it. */
export const raiseExpected = (child: Child, slowMs: number, now: number): void => {
  for (const held of child.held.values()) {
    if (held.startedAt === undefined || held.expectedMs >= slowMs || now - held.startedAt < slowMs) continue
    child.heldMs += slowMs - held.expectedMs
    held.expectedMs = slowMs
  }
}

/** Whether all slots have run for long and something waits behind them. */
export const stuck = (child: Child, slots: number, slowMs: number, now: number): boolean => {
  if (child.held.size <= slots) return false
  let slow = 0
  for (const { startedAt } of child.held.values()) if (startedAt !== undefined && now - startedAt >= slowMs) slow += 1
  return slow >= slots
}

/** Loading a handler takes at most so much longer than the handler may run, ms. */
const maxLoadMs = 10_000

/**
 * So much later a child says that an attempt has started, on a machine that is busy, ms: before that its limit is not held against
 * what may not have begun. A handler that never lets go, and so never says it, has so much more.
 */
const tellMs = 500

/** The attempt for which the child must be killed now: its limit, or an abort, and the grace are over. */
export const overdue = (child: Child, graceMs: number, now: number): Child['killed'] => {
  for (const { work, startedAt, assumed, loading, abort } of child.held.values()) {
    if (startedAt === undefined) continue
    const limitMs = (work.timeoutMs ?? Infinity) + (loading ? maxLoadMs : 0) + (assumed ? tellMs : 0)
    if (now >= startedAt + limitMs + graceMs) return { key: work.key, reason: 'Timeout' }
    if (abort && now >= Math.max(startedAt, abort.at) + abort.graceMs) return { key: work.key, reason: abort.reason }
  }
  return undefined
}
