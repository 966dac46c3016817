import { code } from '../model/event.ts'
import { positionAt } from '../store/event.ts'
import { readQueues } from '../store/manifest.ts'
import { countableUpTo, countJobsTold, openRuns, type OpenRun, queueDepths } from '../store/metrics.ts'
import { listSessions, type SessionRow } from '../store/session.ts'
import type { Context } from './context.ts'

/** A queue at a moment. Rates are jobs a second; null: nothing tells, because events are off or it is the first look. */
export type QueueLoad = {
  name: string
  paused: boolean
  queued: number
  running: number
  scheduled: number
  oldestMs: number | null
  inPerS: number | null
  outPerS: number | null
  failedPerS: number | null
  workers: number
}
export type Load = { at: Date; queues: QueueLoad[]; workers: SessionRow[]; runs: OpenRun[] }

/** Rates are of so long before, at the first look, ms. */
const windowMs = 10_000
/** So many batches of events are counted at most: a quarter of a million jobs or more. */
const maxBatches = 1000

/** Looks at what goes on in a namespace; rates are of the time since the last look. */
export const openLoad = (context: Context): (() => Promise<Load>) => {
  const { sql, namespace } = context
  let last: { position: number; at: number } | null = null
  return async () => {
    const now = performance.now()
    const since = last ?? { position: await positionAt(sql, new Date(Date.now() - windowMs)), at: now - windowMs }
    await context.lookAtEvents()
    const upTo = await countableUpTo(sql)
    const [queues, depths, workers, runs, told] = await Promise.all([
      readQueues(sql, { namespace }),
      queueDepths(sql, { namespace }),
      listSessions(sql, { namespace }),
      openRuns(sql, { namespace, limit: 5 }),
      countJobsTold(sql, { namespace, after: since.position, upTo, limit: maxBatches }),
    ])
    last = { position: Math.max(upTo, since.position), at: now }
    const seconds = (now - since.at) / 1000
    const rates = await ratesOf(context, told)
    const rate = (queue: string, what: number) =>
      context.events() ? (rates.get(`${queue} ${what}`) ?? 0) / seconds : null
    return {
      at: new Date(),
      workers,
      runs,
      queues: queues
        .filter(({ id }) => id !== 0)
        .map(({ name, paused }) => {
          const of = (state: string) => depths.find(row => row.queue === name && row.state === state)
          const queued = of('queued')
          const failed = rate(name, code['job.failed'])
          const succeeded = rate(name, code['job.succeeded'])
          return {
            name,
            paused,
            queued: queued?.jobs ?? 0,
            running: of('running')?.jobs ?? 0,
            scheduled: of('scheduled')?.jobs ?? 0,
            oldestMs: queued ? queued.oldest_s * 1000 : null,
            inPerS: rate(name, code['job.queued']),
            outPerS: failed === null || succeeded === null ? null : failed + succeeded,
            failedPerS: failed,
            workers: workers.filter(one => !one.draining && one.queues.includes(name)).length,
          }
        }),
    }
  }
}

/** Jobs by queue and what happened to them; containers have no queue. */
const ratesOf = async (
  context: Context,
  told: { what: number; plan: number; node: number; jobs: number }[],
): Promise<Map<string, number>> => {
  const sums = new Map<string, number>()
  for (const { what, plan, node, jobs } of told) {
    const queue = (await context.plan(plan)).nodes[node]?.task?.queue
    if (queue) sums.set(`${queue} ${what}`, (sums.get(`${queue} ${what}`) ?? 0) + jobs)
  }
  return sums
}
