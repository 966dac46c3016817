import { setTimeout as sleep } from 'node:timers/promises'
import { ended } from '../../model/state.ts'
import { endedAmong, readRuns } from '../../store/run.ts'
import { readRoot } from '../../store/view.ts'
import type { Context } from '../context.ts'
import type { RunResult } from '../watch.ts'

/** Waits for runs to end, for all who wait with one look at a time. */
export type Endings = {
  /** The result, or null where the run goes on after `timeoutMs` or the signal. */
  wait(id: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<RunResult | null>
}

/** Between two looks, ms: since somebody has come to wait, and where runs take long. */
const firstMs = 2
const longestMs = 50

export const openEndings = (context: Context): Endings => {
  const waiting = new Map<string, Set<() => void>>()
  let looking = false
  let pauseMs = firstMs
  const look = async () => {
    looking = true
    for (; waiting.size > 0; pauseMs = Math.min(pauseMs * 1.2, longestMs)) {
      await sleep(pauseMs)
      const rows = await endedAmong(context.sql, [...waiting.keys()]).catch(error => {
        context.log('debug', `the ends of runs could not be looked for: ${(error as Error).message}`)
        return []
      })
      for (const { id } of rows) for (const tell of waiting.get(id) ?? []) tell()
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
      pauseMs = firstMs
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
