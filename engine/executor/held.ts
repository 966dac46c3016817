import type { AbortReason } from './frame.ts'
import type { ChildProcess, Exit } from './process.ts'
import type { Result, Work } from './work.ts'

/** An attempt that a child has. Times are of this process's monotonic clock, ms. */
export type Held = {
  work: Work
  expectedMs: number
  startedAt?: number
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

/** Attempts that have started: a child says so unless they end at once; the first it holds has started in any case. */
export const markStarted = (child: Child, key: number | undefined, now: number): void => {
  const held = key === undefined ? first(child) : child.held.get(key)
  if (held && child.ready) held.startedAt ??= now
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

/** The attempt for which the child must be killed now: its limit, or an abort, and the grace are over. */
export const overdue = (child: Child, graceMs: number, now: number): Child['killed'] => {
  for (const { work, startedAt, abort } of child.held.values()) {
    if (startedAt === undefined) continue
    if (work.timeoutMs !== undefined && now >= startedAt + work.timeoutMs + graceMs)
      return { key: work.key, reason: 'Timeout' }
    if (abort && now >= Math.max(startedAt, abort.at) + abort.graceMs) return { key: work.key, reason: abort.reason }
  }
  return undefined
}

/**
 * What a child's death means for what it held: the attempt it was killed for failed with the reason; what had started
 * was lost with it; the rest is free to run elsewhere.
 */
export const postMortem = (child: Child, exit: Exit, now: number): { results: Result[]; released: number[] } => {
  const results: Result[] = []
  const released: number[] = []
  const all = [...child.held.values()]
  if (!child.exiting && all.every(held => held.startedAt === undefined)) markStarted(child, undefined, now)
  const guilty = child.exiting?.key ?? undefined
  for (const { work, startedAt } of all) {
    const ranMs = startedAt === undefined ? 0 : Math.round(now - startedAt)
    if (child.killed?.key === work.key) results.push(killedResult(child.killed, work, ranMs))
    else if (startedAt !== undefined || work.key === guilty)
      results.push({
        key: work.key,
        ok: false,
        crashed: true,
        ranMs,
        error: { name: 'ChildCrashed', message: deathMessage(child, exit, work.key) },
      })
    else released.push(work.key)
  }
  child.held.clear()
  child.heldMs = 0
  return { results, released }
}

const killedResult = ({ reason }: NonNullable<Child['killed']>, work: Work, ranMs: number): Result => {
  const limit = work.timeoutMs === undefined ? 'it may' : `its limit of ${work.timeoutMs} ms`
  const what = reason === 'Timeout' ? `ran longer than ${limit}` : 'was cancelled while it ran'
  const message = `${what}, did not stop when asked to, and was killed with its process`
  return { key: work.key, ok: false, ranMs, error: { name: reason, message } }
}

const deathMessage = (child: Child, exit: Exit, key: number): string => {
  if (child.killed) return `its process was killed because a neighbour (${child.killed.reason}) did not stop`
  if (child.outlasted) return 'its worker stopped and did not wait any longer for it'
  const own = child.exiting?.key === key
  if (own) return `called process.exit(${child.exiting!.code}): its process ended with ${exit.how}`
  const heap = /heap out of memory|Reached heap limit/.test(exit.stderr) ? ': the heap was full (`memoryMb`)' : ''
  const neighbour = child.exiting && child.exiting.key !== null ? ', because a neighbour called process.exit' : ''
  return `its process ended with ${exit.how} while it ran${heap}${neighbour}`
}
