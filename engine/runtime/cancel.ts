import { setTimeout as sleep } from 'node:timers/promises'
import { type JobError, TqError } from '../model/errors.ts'
import { cancelBelow, cancelJobs, type CancelledJobs, type Doomed } from '../store/cancel.ts'
import { readRuns, type RunRow } from '../store/run.ts'
import { listJobs } from '../store/view.ts'
import { patiently } from './patience.ts'
import type { Context } from './context.ts'
import { jobError } from './action.ts'
import { isAt, jobPaths } from '../model/job.ts'

/** Why, and how long handlers may go on after their signal, ms; 0 kills them at once. Default: as their workers were told. */
export type CancelOptions = { reason: string; graceMs?: number | undefined }

/** Cancels a run (semantics R7). False: it had ended before. */
export const cancelRun = async (
  context: Context,
  { run, reason, graceMs }: CancelOptions & { run: string },
): Promise<boolean> => {
  const doomed = await stopBelow(context, { run, n: null, reason: jobError('Cancelled', reason), graceMs })
  return doomed !== null
}

/**
 * Cancels a step of a run: its job, or all its jobs where it is inside a forEach; `step` is a path as lists print it, an
 * item's with its position. What depends on it is omitted, the rest of the run goes on (semantics R7). False: it had ended.
 *
 * @throws NOT_FOUND where the run has no such step, or it has no job yet
 */
export const cancelStep = async (
  context: Context,
  { run, step, reason, graceMs }: CancelOptions & { run: string; step: string },
): Promise<boolean> => {
  const [row] = await readRuns(context.sql, [run])
  if (!row) throw new TqError('NOT_FOUND', `there is no run ${run}`)
  const ns = await jobsAt(context, row, step)
  const error = jobError('Cancelled', reason)
  const cancel = () => cancelJobs(context.sql, { run, ns, error, graceMs: graceMs ?? null })
  let found = false
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 100)) {
    const cancelled = await patiently(cancel, { signal: AbortSignal.timeout(patienceMs) })
    found ||= cancelled.ns.length > 0
    await follow(context, { run, error, cancelled, graceMs })
    if (!cancelled.busy) return found
    await sleep(waitMs) // it is being decided, which takes milliseconds
  }
}

/** What is to be told and done when jobs were cancelled: their workers, the members of containers, who decides. */
const follow = async (
  context: Context,
  {
    run,
    error,
    cancelled,
    graceMs,
  }: { run: string; error: JobError; cancelled: CancelledJobs; graceMs: number | undefined },
): Promise<void> => {
  tell(context, run, cancelled.running, graceMs)
  for (const n of cancelled.open) await stopBelow(context, { run, n, reason: error, graceMs })
  if (cancelled.ns.length > 0) context.broker.ring([{ queue: 0 }])
}

/** Numbers of the jobs at a path that have not ended: without those inside of others there. */
const jobsAt = async (context: Context, row: RunRow, step: string): Promise<number[]> => {
  const { nodes } = await context.plan(row.plan)
  const jobs = await listJobs(context.sql, { run: row.id, limit: 10_000_000 })
  const paths = jobPaths(nodes, jobs)
  const exact = jobs.filter(job => paths.get(job.n) === step)
  const found = exact.length > 0 ? exact : jobs.filter(job => isAt(paths.get(job.n)!, step))
  if (step === '' || found.length === 0) {
    const later = nodes.some(node => node.path === step)
    throw new TqError(
      'NOT_FOUND',
      later
        ? `"${step}" has no job yet in this run; cancel the step around it, or wait until that has started`
        : `this run has no job "${step}"; \`tq get jobs\` lists them`,
    )
  }
  return found.filter(job => job.ended_at === null).map(job => job.n)
}

/** How long a cancel is tried again, ms. */
const patienceMs = 15_000

/** Stops what is below a job, or all of the run: its blocks that must run go on. */
export const stopBelow = async (
  context: Context,
  { run, n, reason, graceMs }: { run: string; n: number | null; reason: JobError; graceMs?: number | undefined },
): Promise<Doomed | null> => {
  const [row] = await readRuns(context.sql, [run])
  if (!row || row.ended_at) return null
  const loaded = await context.plan(row.plan)
  // A settle that holds a job while it waits for another's row may be in the way: try again, as after a lost connection.
  const cancel = () =>
    cancelBelow(context.sql, {
      run,
      n,
      spared: loaded.spared(),
      error: reason,
      graceMs: graceMs ?? null,
      events: context.events(),
    })
  const doomed = await patiently(cancel, { signal: AbortSignal.timeout(patienceMs) })
  tell(context, run, doomed.running, graceMs)
  if (doomed.ready) context.broker.ring([{ queue: 0 }])
  return doomed
}

/** A message holds so many; those of whom none is told are found when their worker looks after what runs long. */
const tell = (context: Context, run: string, running: Doomed['running'], graceMs: number | undefined): void => {
  for (let i = 0; i < Math.min(running.length, 10_000); i += 200)
    context.broker.broadcast({
      type: 'cancel',
      run,
      jobs: running.slice(i, i + 200),
      ...(graceMs === undefined ? {} : { graceMs }),
    })
}
