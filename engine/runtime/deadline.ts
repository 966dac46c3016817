import { setTimeout as sleep } from 'node:timers/promises'
import { decideFromOutside, openJob } from '../store/deadline.ts'
import { stopBelow } from './cancel.ts'
import type { Context } from './context.ts'
import { deadlineError } from './task.ts'

const reason = { name: 'Cancelled', message: 'the deadline of the step around it has passed' }

/**
 * A job's deadline has passed: it fails with `Timeout`, wherever it stands. What runs in a child is stopped by its worker,
 * which knows the deadline itself; the alarm rings again, should that worker be lost.
 *
 * @returns true where the alarm has done its work
 */
export const passDeadline = async (context: Context, alarm: { run: string; n: number }): Promise<boolean> => {
  // What is being decided is held for milliseconds only; a container of short rounds would always be by the next alarm.
  for (let waitMs = 2; waitMs < 100; waitMs *= 2) {
    const passed = await tryDeadline(context, alarm)
    if (passed !== 'busy') return passed
    await sleep(waitMs)
  }
  return false
}

const tryDeadline = async (context: Context, { run, n }: { run: string; n: number }): Promise<boolean | 'busy'> => {
  const job = await openJob(context.sql, { run, n })
  if (!job) return true
  if (job.result !== null) {
    // Decided here before, but perhaps nobody lived to stop what is below it.
    const stage = (job.result as { stage?: string }).stage
    if (job.phase === 'waiting' && stage === undefined) await stopBelow(context, { run, n, reason })
    return true
  }
  if (job.phase === 'blocked') return false
  if (job.session !== null) return job.queue === 0 ? 'busy' : false
  const node = (await context.plan(job.plan)).nodes[job.node]!
  const error = deadlineError(node.deadlineMs ?? 0)
  const result = JSON.stringify({ state: 'failed', output: null, error, errors: [error], last: true })
  if (!(await decideFromOutside(context.sql, { run, n, attempt: job.attempt, base: job.base, result }))) return 'busy'
  if (job.phase === 'waiting') await stopBelow(context, { run, n, reason })
  context.broker.ring([{ queue: 0 }])
  return true
}
