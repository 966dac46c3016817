import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from '../executor/index.ts'
import type { Context } from './context.ts'

/** Between how many children a worker chooses by its load. */
export type Range = { min: number; max: number }

/** A worker's child processes: the pool there is now, and how many children it shall have, which outlives a pool. */
export type Children = {
  /** Null where the worker only decides, and between a lost session and the next pool. */
  pool(): Pool | null
  /** How many are wanted. */
  size(): number
  resize(size: number): void
  /** What autoscale may choose from; null: it is off. */
  range(): Range | null
  scale(range: Range | null): void
  /** The session was lost: what runs is killed, and other children take its place. */
  replace(): void
  /** Once more: sooner. */
  close(drainMs: number): Promise<void>
}

/** Starts a worker's children. `size` 0: it has none, ever. */
export const openChildren = async (
  context: Context,
  {
    size: first,
    range: firstRange,
    newPool,
    onReplaced,
  }: { size: number; range: Range | null; newPool(children: number): Promise<Pool>; onReplaced(): void },
): Promise<Children> => {
  let size = first
  let range = firstRange
  const closing = new AbortController()
  let pool = size > 0 ? await newPool(size) : null

  /** Until it succeeds: without children the worker only decides. */
  const reopen = async () => {
    while (!closing.signal.aborted && !pool) {
      const asked = size
      pool = await newPool(asked).catch(error => {
        context.log('error', `no child process could be started: ${error.message}`)
        return null
      })
      if (size !== asked) pool?.resize(size)
      if (!pool) await sleep(1000, undefined, { signal: closing.signal }).catch(() => {})
    }
    if (closing.signal.aborted) await pool?.close({ drainMs: 0 })
    else onReplaced()
  }

  return {
    pool: () => pool,
    size: () => size,
    resize(wanted) {
      size = wanted
      pool?.resize(wanted)
    },
    range: () => range,
    scale: wanted => void (range = wanted),
    replace() {
      if (!pool) return
      void pool.close({ drainMs: 0 })
      pool = null
      void reopen()
    },
    async close(drainMs) {
      closing.abort()
      await pool?.close({ drainMs })
    },
  }
}
