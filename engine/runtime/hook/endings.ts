import { setTimeout as sleep } from 'node:timers/promises'
import { ended } from '../../model/state.ts'
import { readRuns } from '../../store/run.ts'
import { readRoot } from '../../store/view.ts'
import type { Context } from '../context.ts'
import type { RunResult } from '../watch.ts'

/** Waits for runs to end, for all who wait with one look at a time. */
export type Endings = {
  /** The result, or null where the run goes on after `timeoutMs` or the signal. */
  wait(id: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<RunResult | null>
}

/** Between two looks, ms: from the first on, and where runs take long. */
const firstMs = 2
const longestMs = 50

export const openEndings = (context: Context): Endings => {
  const waiting = new Map<string, Set<() => void>>()
  let looking = false
  const look = async () => {
    looking = true
    for (let pauseMs = firstMs; waiting.size > 0; pauseMs = Math.min(pauseMs * 1.2, longestMs)) {
      await sleep(pauseMs)
      const rows = await readRuns(context.sql, [...waiting.keys()]).catch(error => {
        context.log('debug', `the ends of runs could not be looked for: ${(error as Error).message}`)
        return []
      })
      for (const { id, state } of rows) if (ended(state)) for (const tell of waiting.get(id) ?? []) tell()
      if (rows.some(row => ended(row.state))) pauseMs = firstMs
    }
    looking = false
  }
  const resultOf = async (id: string): Promise<RunResult | null> => {
    const [run] = await readRuns(context.sql, [id])
    if (!run || !ended(run.state)) return null
    return { run, ...((await readRoot(context.sql, id)) ?? { output: null, error: null }) }
  }
  return {
    async wait(id, { timeoutMs, signal }) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, timeoutMs)
      const giveUp = () => resolve()
      signal.addEventListener('abort', giveUp, { once: true })
      if (signal.aborted) resolve()
      const others = waiting.get(id) ?? new Set()
      waiting.set(id, others.add(resolve))
      if (!looking) void look()
      await promise
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      others.delete(resolve)
      if (others.size === 0) waiting.delete(id)
      return resultOf(id)
    },
  }
}
