import { setTimeout as sleep } from 'node:timers/promises'
import { countQueued } from '../store/view.ts'
import type { Children, Range } from './children.ts'
import type { Context } from './context.ts'
import type { Serving } from './serving.ts'

/** Between two looks, ms. */
const lookMs = 250
/** The same while there is no range to keep to. */
const unsetMs = 1000
const defaultIdleMs = 30_000

/**
 * How many children there should be: as many as were busy at once lately, and one for each job that waits while all are busy.
 *
 * @param waiting jobs that no child takes now
 */
export const wantedChildren = ({ busy, waiting, min, max }: Range & { busy: number; waiting: number }): number =>
  Math.min(max, Math.max(min, busy + waiting))

/** Grows a worker's pool by its load and shrinks it when children were idle for `idleMs`, while a range is set. */
export const autoscale = async (
  context: Context,
  {
    children,
    serving,
    restate,
    idleMs = defaultIdleMs,
  }: { children: Children; serving: Serving; restate(): Promise<void>; idleMs?: number | undefined },
  signal: AbortSignal,
): Promise<void> => {
  let seen: { at: number; busy: number }[] = []
  while (!signal.aborted) {
    await sleep(children.range() ? lookMs : unsetMs, undefined, { signal }).catch(() => {})
    const range = children.range()
    const pool = children.pool()
    if (signal.aborted || !range || !pool) continue
    const now = performance.now()
    const busy = pool.stats().children.filter(child => child.held > 0).length
    seen = [...seen.filter(({ at }) => now - at < idleMs), { at: now, busy }]
    try {
      const full = pool.capacity() <= 0
      const queues = serving.queues().flatMap(queue => (queue.id === 0 || queue.paused ? [] : [queue.id]))
      const waiting = full ? await countQueued(context.sql, { queues, limit: range.max }) : 0
      const size = wantedChildren({ ...range, busy: Math.max(...seen.map(look => look.busy)), waiting })
      if (size === children.size() || children.range() !== range) continue
      children.resize(size)
      context.log('info', `autoscale: ${size} child processes`)
      await restate()
    } catch (error) {
      context.log('debug', `autoscale could not look: ${(error as Error).message}`)
    }
  }
}
