import type { Control } from '../broker/index.ts'
import type { Pool } from '../executor/index.ts'
import { doomedJobs } from '../store/cancel.ts'
import type { Context } from './context.ts'
import type { InFlight } from './task.ts'

/** Stops handlers of jobs that were cancelled: those a message speaks of, and those of which the message was lost. */
export type Doomed = {
  /** A message. @param starting jobs are being made ready: perhaps it speaks of one of them */
  hear(message: Control & { type: 'cancel' }, starting: boolean): void
  /** Jobs came into the pool. */
  started(): void
  /** No job is being made ready any more. */
  allStarted(): void
  /** Asks the store about what runs for long. */
  look(): Promise<void>
}

/** How long a job runs before the store is asked whether it was cancelled, ms: most end before. */
const longMs = 1000

type Options = {
  session(): number | null
  jobs: ReadonlyMap<number, InFlight>
  pool(): Pool | null
  /** From the signal to the kill, ms, where the cancel does not say. */
  graceMs: number
}

export const openDoomed = (context: Context, { session, jobs, pool, graceMs }: Options): Doomed => {
  /** By `run/n`: the grace; null: the worker's own. */
  const early = new Map<string, number | null>()

  const abort = (doomed: Map<string, number | null>) => {
    if (doomed.size === 0) return
    for (const one of jobs.values()) {
      const grace = doomed.get(`${one.job.run}/${one.job.n}`)
      if (grace === undefined) continue
      one.job.doomed = true
      pool()?.abort(one.key, 'Cancelled', grace ?? graceMs)
    }
  }

  return {
    hear(message, starting) {
      const own = message.jobs.filter(job => job.session === session())
      const doomed = new Map(own.map(job => [`${message.run}/${job.n}`, message.graceMs ?? null]))
      abort(doomed)
      if (starting) for (const [job, grace] of doomed) early.set(job, grace)
    },
    started: () => abort(early),
    allStarted: () => early.clear(),
    async look() {
      const old = [...jobs.values()].filter(one => performance.now() - one.since > longMs).map(one => one.job)
      if (old.length === 0) return
      abort(new Map((await doomedJobs(context.sql, old)).map(job => [`${job.run}/${job.n}`, job.grace_ms])))
    },
  }
}
