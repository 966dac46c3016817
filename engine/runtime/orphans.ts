import { release } from '../store/claim.ts'
import type { HeldJob } from '../store/job.ts'
import { heldJobs } from '../store/reap.ts'
import type { Context } from './context.ts'

/**
 * Jobs that are a session's by the store but not known to its worker, because the answer that named them was lost, are put
 * back into their queues.
 */
export type Orphans = {
  /** An answer was lost. A statement may commit after its connection is gone: several looks are to come. */
  expect(): void
  /** Looks, where there may be some. Only those that two looks in a row do not know: an answer may be on its way. */
  look(session: number): Promise<void>
}

/** @param known keys of the jobs that the worker knows of */
export const openOrphans = (context: Context, known: ReadonlySet<string>): Orphans => {
  let looks = 0
  let suspects = new Set<string>()
  return {
    expect: () => void (looks = 3),
    async look(session) {
      if (looks === 0) return
      const unknown = (await heldJobs(context.sql, session)).filter(job => !known.has(keyOf(job)))
      const again = unknown.filter(job => suspects.has(keyOf(job)))
      if (again.length > 0) {
        const queued = await release(context.sql, { session, jobs: again, events: context.events() })
        context.broker.ring([...new Set(queued.map(job => job.queue))].map(queue => ({ queue })))
      }
      suspects = new Set(unknown.map(keyOf))
      if (unknown.length === 0) looks--
    },
  }
}

/** A claim of a job. */
export const keyOf = ({ run, n, attempt }: HeldJob): string => `${run}/${n}/${attempt}`
