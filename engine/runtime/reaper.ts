import { setTimeout as sleep } from 'node:timers/promises'
import { forgetCommands } from '../store/command.ts'
import { dropBatches } from '../store/event.ts'
import { justStarted, lostJobs, requeueLost } from '../store/reap.ts'
import { declareLost, watchSessions } from '../store/session.ts'
import { settle } from '../store/settle.ts'
import { jobError, noAttempt } from './action.ts'
import type { Context } from './context.ts'
import { finish } from './finish.ts'
import { lostLimit } from '../model/job.ts'

/** Between two looks at the sessions' locks: a lock that is free in both is no reconnect but a death (semantics R9). */
export const lookMs = 300
/** The same while there is one worker at most: nobody else could take its jobs. */
const aloneMs = 1000

/** How long a worker may be away and still obey what it was told meanwhile, ms. */
const keptCommandsMs = 3_600_000
/** How often what is older is deleted, ms. */
const tidyMs = 300_000

/**
 * Finds sessions whose worker is gone and gives their jobs back, or fails those that may not run again. Any number of
 * reapers may run. After a pause of its own or of the database it waits one lease, so that live workers renew first.
 */
export const reaper = async (
  context: Context,
  { leaseMs, keepEventsMs = 3 * 86_400_000 }: { leaseMs: number; keepEventsMs?: number },
  signal: AbortSignal,
): Promise<void> => {
  let unheld = new Set<number>()
  let alone = false
  let patientUntil = 0
  let before = performance.now()
  let leftovers = true
  let tidiedAt = 0
  while (!signal.aborted) {
    await sleep((alone ? aloneMs : lookMs) * (0.9 + Math.random() / 5), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    try {
      const now = performance.now()
      const sessions = await watchSessions(context.sql)
      if (now - before > Math.max(leaseMs / 2, 3 * (alone ? aloneMs : lookMs))) patientUntil = now + leaseMs
      before = now
      alone = sessions.length < 2 && sessions.every(s => s.held)
      const suspects = now < patientUntil ? [] : sessions.filter(s => s.expired || (!s.held && unheld.has(s.id)))
      const lost = suspects.length > 0 && (await justStarted(context.sql, { leaseMs })) ? [] : suspects
      unheld = new Set(sessions.filter(s => !s.held).map(s => s.id))
      if (lost.length > 0)
        await declareLost(
          context.sql,
          lost.map(s => s.id),
        )
      if (lost.length > 0 || leftovers) leftovers = await takeBack(context)
      if (now - tidiedAt > tidyMs || tidiedAt === 0) {
        tidiedAt = now
        await forgetCommands(context.sql, { olderThanMs: keptCommandsMs })
        while (!signal.aborted && (await dropBatches(context.sql, { keepMs: keepEventsMs, limit: 1000 })) === 1000);
      }
    } catch (error) {
      context.log('debug', `the reaper could not look: ${(error as Error).message}`)
      leftovers = true
    }
  }
}

/** True where there may be more. */
const takeBack = async (context: Context): Promise<boolean> => {
  const limit = 500
  const jobs = await lostJobs(context.sql, { limit })
  if (jobs.length === 0) return false
  const requeued: Parameters<typeof requeueLost>[1] = []
  for (const { session, ...job } of jobs) {
    const loaded = await context.plan(job.plan)
    const task = job.queue === 0 || job.inner_base !== null ? undefined : loaded.nodes[job.node]!.task
    const stopped = job.doomed || job.result !== null
    if (!task || stopped || (task.onLost === 'requeue' && job.lost + 1 < lostLimit)) {
      requeued.push({ run: job.run, n: job.n, attempt: job.attempt, session, counts: task !== undefined })
      continue
    }
    const why =
      task.onLost === 'fail' ? 'its task says onLost: fail' : `that was the ${lostLimit}rd worker lost while it held it`
    const error = jobError('WorkerLost', `its worker was lost while it held the job, and ${why}`)
    const action = finish(
      job,
      loaded,
      { state: 'failed', output: null, error, last: true },
      { ...noAttempt, lost: true },
    )
    if (action.do === 'end') {
      const settled = await settle(context.sql, {
        events: context.events(),
        session,
        serves: [],
        endings: [action.ending],
        refills: action.refill ? [action.refill] : [],
        expired: true,
      })
      context.broker.ring(settled.ready.map(ready => ({ queue: ready.queue })))
    } else {
      // It has blocks of its own: decided as failed, it is no longer a job that runs its handler.
      const result = JSON.stringify({ state: 'failed', output: null, error, errors: [error], last: true })
      requeued.push({ run: job.run, n: job.n, attempt: job.attempt, session, counts: false, result })
    }
  }
  const queued = await requeueLost(context.sql, requeued, context.events())
  if (queued.length > 0) {
    context.log('warn', `${queued.length} jobs of lost workers are queued again`)
    context.broker.ring([...new Set(queued.map(job => job.queue))].map(queue => ({ queue })))
  }
  return jobs.length === limit
}
