import type { JobError } from '../model/errors.ts'
import { column, type Sql } from './sql.ts'

/** An open job with what may hold it up. Spans are ms. */
export type OpenJob = {
  n: number
  node: number
  parent: number | null
  item: number | null
  phase: 'blocked' | 'ready' | 'scheduled' | 'waiting'
  /** The queue it is in now: 0 is the engine's own. */
  queue: number
  failures: number
  lost: number
  pending: number
  doomed: boolean
  /** Since or until it is due; negative: it is to come. */
  dueMs: number
  /** Who holds it, and how long ago its lease ended; negative: it has not. */
  worker: string | null
  pid: number | null
  expiredMs: number | null
  /** How many queued jobs of its queue go before it. */
  before: number
  /** Of its last attempt. */
  error: JobError | null
}

/** Open jobs of a run: those that could move first, then containers, then those that wait for others. */
export const openJobs = (sql: Sql, { run, limit }: { run: string; limit: number }): Promise<OpenJob[]> => sql<OpenJob>`
  select job.n, job.node, job.parent, job.item, job.phase::text as phase, job.queue, job.failures, job.lost, job.pending,
    coalesce(job.doomed, false) or job.result is not null as doomed,
    extract(epoch from clock_now() - job.due_at)::float8 * 1000 as "dueMs",
    session.worker, session.pid, extract(epoch from clock_now() - session.lease_ends_at)::float8 * 1000 as "expiredMs",
    case when job.phase = 'ready' and job.session is null then (
      select count(*)::int from (
        select from job other where other.queue = job.queue and other.phase = 'ready' and other.session is null
          and (other.rank, other.due_at) < (job.rank, job.due_at) limit 10000) ahead) else 0 end as before,
    (select o.error from outcome o where o.run = job.run and o.n = job.n order by o.attempt desc limit 1) as error
  from job left join session on session.id = job.session
  where job.run = ${run}
  order by array_position(array['ready', 'scheduled', 'waiting', 'blocked'], job.phase::text), job.n limit ${limit}`

/** A queue's limits and what of it runs. */
export type QueueLoad = {
  id: number
  name: string
  paused: boolean
  concurrency: number | null
  rate_count: number | null
  rate_ms: number | null
  running: number
}

export const queueLoads = (sql: Sql, ids: number[]): Promise<QueueLoad[]> => sql<QueueLoad>`
  select id, name, paused, concurrency, rate_count, rate_ms,
    (select count(*)::int from job where job.queue = queue.id and job.phase = 'ready' and job.session is not null) as running
  from queue where id = any(${column(ids)}::int[])`
