import { decideFromOutside, openJob } from '../store/deadline.ts'
import { stopBelow } from './cancel.ts'
import type { Context } from './context.ts'
import { deadlineError } from './task.ts'

/**
 * A job's deadline has passed: it fails with `Timeout`, wherever it stands. What runs in a child is stopped by its worker,
 * which knows the deadline itself; the alarm rings again, should that worker be lost.
 *
 * @returns true where the alarm has done its work
 */
export const passDeadline = async (context: Context, { run, n }: { run: string; n: number }): Promise<boolean> => {
  const job = await openJob(context.sql, { run, n })
  if (!job || job.result !== null) return true
  if (job.session !== null || job.phase === 'blocked') return false
  const node = (await context.plan(job.plan)).nodes[job.node]!
  const error = deadlineError(node.deadlineMs ?? 0)
  const result = JSON.stringify({ state: 'failed', output: null, error, errors: [error], last: true })
  if (!(await decideFromOutside(context.sql, { run, n, attempt: job.attempt, base: job.base, result }))) return false
  if (job.phase === 'waiting')
    await stopBelow(context, {
      run,
      n,
      reason: { name: 'Cancelled', message: 'the deadline of the step around it has passed' },
    })
  context.broker.ring([{ queue: 0 }])
  return true
}
