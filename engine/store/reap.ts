import { code } from '../model/event.ts'
import { tell } from './event.ts'
import type { HeldJob, QueuedJob } from './job.ts'
import { column, lines, part, type Sql } from './sql.ts'

/** Jobs that sessions hold which are no more, in the order of their ids. `session` is who held them. */
export const lostJobs = (sql: Sql, { limit }: { limit: number }): Promise<(HeldJob & { session: number })[]> => sql<
  HeldJob & { session: number }
>`
  select run, n, plan, node, base, parent, item, queue, attempt, failures, lost, pending, unmet, inner_base, total, doomed, result, session,
    extract(epoch from due_at)::float8 as ready
  from job
  where session is not null and not exists (select from session s where s.id = job.session and s.ended_at is null)
  order by run, n limit ${limit}`

/**
 * Puts lost jobs back into their queues. `attempt` stays: the next claim raises it, and with the session gone the fence lets
 * the lost worker settle nothing. Locked in the order of their ids, like every write to several jobs; what another reaper is
 * taking is skipped. A container that waits for its decision is requeued uncounted: it ran nobody's code.
 *
 * With a `result`, JSON text, the job has been decided: it goes to the engine's own queue, where its blocks are opened. So does
 * one that was cancelled meanwhile.
 */
export const requeueLost = (
  sql: Sql,
  jobs: { run: string; n: number; attempt: number; session: number; counts: boolean; result?: string }[],
  events: string | null = null,
): Promise<QueuedJob[]> => sql<QueuedJob>`
  with gone as materialized (
    select job.run, job.n, lost.counts, lost.result
    from unnest(
      ${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[], ${column(jobs.map(j => j.attempt))}::int[],
      ${column(jobs.map(j => j.session))}::int[], ${column(jobs.map(j => j.counts))}::boolean[],
      string_to_array(${lines(jobs.map(j => j.result ?? null))}, E'\n', '')
    ) as lost(run, n, attempt, session, counts, result)
    join job on job.run = lost.run and job.n = lost.n and job.attempt = lost.attempt and job.session = lost.session
    order by job.run, job.n
    for update of job skip locked
  ),
  requeued as (
    update job set session = null, lost = job.lost + gone.counts::int,
      result = coalesce(gone.result::json, job.result),
      queue = case when job.doomed or gone.result is not null or job.result is not null then 0 else job.queue end,
      rank = case when job.doomed or gone.result is not null or job.result is not null then 0 else job.rank end,
      inner_base = case when gone.result is not null or job.result is not null then coalesce(job.inner_base, job.base) else job.inner_base end
    from gone where job.run = gone.run and job.n = gone.n
    returning job.queue, job.run, job.n, job.attempt, job.node, job.parent, job.item, gone.counts, job.failures + job.lost as tries
  ),
  outcomes as (
    insert into outcome (run, n, attempt, tries, node, parent, item, state, final, lost, ended_at, error)
    select run, n, attempt, tries, node, parent, item, 'failed', false, true, clock_now(),
      '{"name":"WorkerLost","message":"its worker was lost while it held the job"}'::json
    from requeued where counts
  )
  ${tell(
    events,
    null,
    part`
    select ${code['job.lost']}::smallint as what, run, n, node, item, tries, null::bigint as us from requeued where counts
    union all select ${code['job.queued']}::smallint, run, n, node, item, tries + 1, null from requeued where queue <> 0`,
  )}
  select queue, run, n, attempt from requeued`

/** True for so long after Postgres started: live workers renew their leases first. */
export const justStarted = async (sql: Sql, { leaseMs }: { leaseMs: number }): Promise<boolean> => {
  const [row] = await sql<{ young: boolean }>`
  select pg_postmaster_start_time() > now() - ${leaseMs}::float8 * interval '1 millisecond' as young`
  return row!.young
}

/** All jobs that a session holds: to find those whose claim's answer was lost. */
export const heldJobs = (sql: Sql, session: number): Promise<HeldJob[]> => sql<HeldJob>`
  select run, n, plan, node, base, parent, item, queue, attempt, failures, lost, pending, unmet, inner_base, total, doomed, result,
    extract(epoch from due_at)::float8 as ready
  from job where session = ${session}`
