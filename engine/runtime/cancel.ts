import type { JobError } from '../model/errors.ts'
import { cancelBelow, type Doomed } from '../store/cancel.ts'
import { readRuns } from '../store/run.ts'
import { patiently } from './patience.ts'
import type { Context } from './context.ts'

/** Cancels a run (semantics R7). False: it had ended before. */
export const cancelRun = async (
  context: Context,
  { run, reason }: { run: string; reason: string },
): Promise<boolean> => {
  const doomed = await stopBelow(context, { run, n: null, reason: { name: 'Cancelled', message: reason } })
  return doomed !== null
}

/** How long a cancel is tried again, ms. */
const patienceMs = 15_000

/** Stops what is below a job, or all of the run: its blocks that must run go on. */
export const stopBelow = async (
  context: Context,
  { run, n, reason }: { run: string; n: number | null; reason: JobError },
): Promise<Doomed | null> => {
  const [row] = await readRuns(context.sql, [run])
  if (!row || row.ended_at) return null
  const loaded = await context.plan(row.plan)
  // A settle that holds a job while it waits for another's row may be in the way: try again, as after a lost connection.
  const cancel = () =>
    cancelBelow(context.sql, { run, n, spared: loaded.spared(), error: reason, events: context.events() })
  const doomed = await patiently(cancel, { signal: AbortSignal.timeout(patienceMs) })
  // A message holds so many; those of whom none is told are found when their worker looks after what runs long.
  for (let i = 0; i < Math.min(doomed.running.length, 10_000); i += 200)
    context.broker.broadcast({ type: 'cancel', run, jobs: doomed.running.slice(i, i + 200) })
  if (doomed.ready) context.broker.ring([{ queue: 0 }])
  return doomed
}
