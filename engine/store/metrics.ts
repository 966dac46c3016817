import { alsoClaimed, code } from '../model/event.ts'
import type { RunState } from '../model/state.ts'
import { column, type Sql } from './sql.ts'

export type QueueDepth = { queue: string; state: string; jobs: number; oldest_s: number }

/** Open jobs of a namespace by queue and state, and how long the one that waits longest has been ready. */
export const queueDepths = (sql: Sql, { namespace }: { namespace: string }): Promise<QueueDepth[]> => sql<QueueDepth>`
  select queue.name as queue, case when phase = 'ready' then case when session is null then 'queued' else 'running' end else phase::text end as state,
    count(*)::int as jobs, greatest(0, extract(epoch from clock_now() - min(due_at)))::float8 as oldest_s
  from job join queue on queue.id = job.queue where queue.namespace = ${namespace} group by 1, 2`

export type ScheduleCount = { schedule: string; started: number; dropped: number; next_s: number | null }

/** How often schedules have fired, and when they do next, s since 1970; null: never, or it is paused. */
export const countFires = (
  sql: Sql,
  { namespace }: { namespace: string },
): Promise<ScheduleCount[]> => sql<ScheduleCount>`
  select name as schedule, fired::float8 as started, dropped::float8 as dropped,
    case when not paused then extract(epoch from next_at)::float8 end as next_s
  from schedule where namespace = ${namespace}`

export type RunCount = {
  what: number
  workflow: string
  trigger: string
  bucket: number
  runs: number
  seconds: number
}

/** How far back the newest batch that is counted lies, s: by then those with lower numbers are committed. */
const settledS = 2

/** The newest batch of events that is old enough to be counted. */
export const countableUpTo = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ id: number | null }>`
  select id from event_batch where at < clock_now() - ${settledS}::float8 * interval '1 second' order by at desc limit 1`
  return row?.id ?? 0
}

/**
 * Runs that have started and ended, as batches of events after `after` up to `upTo` tell it, by workflow, trigger and how long they took.
 *
 * @param bounds of the buckets of durations, s, growing
 */
export const countRuns = (
  sql: Sql,
  { namespace, after, upTo, bounds }: { namespace: string; after: number; upTo: number; bounds: number[] },
): Promise<RunCount[]> => sql<RunCount>`
  select e.what, run.name as workflow, split_part(run.trigger, '/', 1) as trigger,
    width_bucket(extract(epoch from coalesce(run.ended_at, run.started_at) - run.started_at)::float8, ${column(bounds)}::float8[]) as bucket,
    count(*)::int as runs, sum(extract(epoch from coalesce(run.ended_at, run.started_at) - run.started_at))::float8 as seconds
  from event_batch b, unnest(b.what, b.run) as e(what, run) join run on run.id = e.run
  where b.id > ${after} and b.id <= ${upTo} and b.namespace = ${namespace} and run.kind = 'workflow'
    and e.what = any(array[${code['run.started']}, ${code['run.succeeded']}, ${code['run.failed']}, ${code['run.cancelled']}]::smallint[])
  group by 1, 2, 3, 4`

export type JobCount = { what: number; plan: number; node: number; jobs: number }

/** Jobs that became ready, and that ended, as batches of events after `after` up to `upTo` tell it, by node; at most so many batches. */
export const countJobsTold = (
  sql: Sql,
  { namespace, after, upTo, limit }: { namespace: string; after: number; upTo: number; limit: number },
): Promise<JobCount[]> => sql<JobCount>`
  select told.what, run.plan, told.node, sum(told.jobs)::int as jobs
  from (
    select e.what % ${alsoClaimed}::int as what, e.run, e.node, count(*) as jobs
    from (select what, run, node from event_batch where id > ${after} and id <= ${upTo} and namespace = ${namespace} and run is not null
      order by id desc limit ${limit}) b,
      unnest(b.what, b.run, b.node) as e(what, run, node)
    where e.what % ${alsoClaimed}::int = any(array[${code['job.queued']}, ${code['job.succeeded']}, ${code['job.failed']}]::int[])
    group by 1, 2, 3
  ) told join run on run.id = told.run
  group by 1, 2, 3`

export type OpenRun = { id: string; name: string; state: RunState; trigger: string; started_at: Date }

/** Runs that have not ended, the newest first: their root still has a job. */
export const openRuns = (
  sql: Sql,
  { namespace, limit }: { namespace: string; limit: number },
): Promise<OpenRun[]> => sql<OpenRun>`
  select run.id, run.name, run.state, run.trigger, run.started_at from job join run on run.id = job.run
  where job.n = 0 and run.namespace = ${namespace} order by job.run desc limit ${limit}`
