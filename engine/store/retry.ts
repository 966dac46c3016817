import { code } from '../model/event.ts'
import { tell } from './event.ts'
import type { QueuedJob } from './job.ts'
import { column, lines, part, type Sql } from './sql.ts'

/** An attempt that ended without ending its job. */
export type Retry = {
  run: string
  n: number
  attempt: number
  /** ms until it is queued again; null: at once, because its child died. */
  delayMs: number | null
  /** Counts in `lost` instead of `failures`. */
  lost: boolean
  input: string | null
  error: string
  ranMs: number
  code: string | null
  /** See Ending. */
  untold: number
}

/** Puts failed or lost attempts back: an outcome each, the job's row and its counters stay (semantics R3). Fenced like a settle. */
export const retry = (
  sql: Sql,
  { session, retries, events = null }: { session: number; retries: Retry[]; events?: string | null },
): Promise<(QueuedJob & { phase: string })[]> =>
  sql<QueuedJob & { phase: string }>`
  with attempt as materialized (
    select * from unnest(
      ${column(retries.map(r => r.run))}::uuid[], ${column(retries.map(r => r.n))}::int[], ${column(retries.map(r => r.attempt))}::int[],
      ${column(retries.map(r => r.delayMs))}::float8[], ${column(retries.map(r => r.lost))}::boolean[],
      ${column(retries.map(r => Math.round(r.ranMs * 1000)))}::bigint[], string_to_array(${lines(retries.map(r => r.code))}, E'\n', ''),
      string_to_array(${lines(retries.map(r => r.input))}, E'\n', ''), string_to_array(${lines(retries.map(r => r.error))}, E'\n', ''),
      ${column(retries.map(r => code[r.lost ? 'job.lost' : 'job.retried'] + r.untold))}::smallint[]
    ) as a(run, n, attempt, delay_ms, lost, ran_us, code, input, error, what)
  ),
  put_back as (
    update job set session = null, failures = job.failures + (not a.lost)::int, lost = job.lost + a.lost::int,
      -- cancelled meanwhile: no reason to wait, nor for a queue that may be paused
      phase = case when a.delay_ms is null or (job.doomed is true or job.result is not null) then 'ready'::phase else 'scheduled' end,
      due_at = clock_now() + case when (job.doomed is true or job.result is not null) then 0 else coalesce(a.delay_ms, 0) end * interval '1 millisecond',
      queue = case when (job.doomed is true or job.result is not null) then 0 else job.queue end,
      rank = case when (job.doomed is true or job.result is not null) then 0 else job.rank end,
      inner_base = case when job.result is not null then coalesce(job.inner_base, job.base) else job.inner_base end
    from attempt a
    where job.run = a.run and job.n = a.n and job.attempt = a.attempt and job.session = ${session}
      and exists (select from session where id = ${session} and lease_ends_at > clock_now())
    returning job.run, job.n, job.node, job.parent, job.item, job.queue, job.phase, job.failures + job.lost as tries, a.attempt, a.lost, a.ran_us, a.code, a.input, a.error, a.what
  ),
  outcomes as (
    insert into outcome (run, n, attempt, tries, node, parent, item, state, final, lost, started_at, ended_at, session, code, input, error)
    select run, n, attempt, tries, node, parent, item, 'failed', false, nullif(lost, false), clock_now() - ran_us * interval '1 microsecond', clock_now(),
      ${session}::int, code, input::json, error::json
    from put_back
  )
  ${tell(
    events,
    session,
    part`
    select what, run, n, node, item, tries, ran_us as us from put_back
    union all select ${code['job.queued']}::smallint, run, n, node, item, tries + 1, null from put_back where phase = 'ready'`,
  )}
  select queue, run, n, attempt, phase from put_back`

/** Starts a container's next round later: it is scheduled, and opens a fresh scope when its time has come. */
export const retryScope = async (
  sql: Sql,
  {
    session,
    run,
    n,
    attempt,
    delayMs,
    events = null,
  }: { session: number; run: string; n: number; attempt: number; delayMs: number; events?: string | null },
): Promise<boolean> => {
  const rows = await sql`
  with put_back as (
  update job set session = null, phase = 'scheduled', failures = failures + 1, inner_base = null, unmet = 0,
    due_at = clock_now() + ${delayMs}::float8 * interval '1 millisecond'
  where run = ${run} and n = ${n} and attempt = ${attempt} and session = ${session} and doomed is not true
  returning run, n, node, item, failures + lost as tries
  )
  ${tell(events, session, part`select ${code['job.retried']}::smallint as what, run, n, node, item, tries, null::bigint as us from put_back`)}
  select n from put_back`
  return rows.length > 0
}

/** A job whose decision is through: it goes on to its own queue, kept by the session where that is allowed. */
export type Route = {
  run: string
  n: number
  attempt: number
  queue: number
  rank: number
  take: boolean
  deadlineMs: number | null
}

export const route = (
  sql: Sql,
  {
    session,
    serves,
    routes,
    events = null,
  }: { session: number; serves: number[]; routes: Route[]; events?: string | null },
): Promise<(QueuedJob & { taken: boolean })[]> =>
  sql<QueuedJob & { taken: boolean }>`
  with route as materialized (
    select * from unnest(
      ${column(routes.map(r => r.run))}::uuid[], ${column(routes.map(r => r.n))}::int[], ${column(routes.map(r => r.attempt))}::int[],
      ${column(routes.map(r => r.queue))}::int[], ${column(routes.map(r => r.rank))}::smallint[], ${column(routes.map(r => r.take))}::boolean[],
      ${column(routes.map(r => r.deadlineMs))}::float8[]
    ) as r(run, n, attempt, queue, rank, take, deadline_ms)
  ),
  open_queue as materialized (
    select coalesce(array_agg(id), '{}') as ids from queue
    where id = any(${column(serves)}::int[]) and not paused and concurrency is null and rate_count is null
  ),
  routed as (
    update job set queue = r.queue, rank = r.rank, due_at = clock_now(),
      session = case when r.take and r.queue = any(open_queue.ids) then ${session}::int end
    from route r, open_queue
    where job.run = r.run and job.n = r.n and job.attempt = r.attempt and job.session = ${session} and job.doomed is not true
      and exists (select from session where id = ${session} and lease_ends_at > clock_now())
    returning job.queue, job.run, job.n, job.node, job.item, job.failures + job.lost + 1 as tries, job.attempt, job.session is not null as taken, r.deadline_ms
  ),
  alarms as (
    insert into alarm (run, n, at)
    select run, n, clock_now() + deadline_ms * interval '1 millisecond' from routed where deadline_ms is not null
    on conflict do nothing
  )
  ${tell(events, session, part`select ${code['job.queued']}::smallint as what, run, n, node, item, tries, null::bigint as us from routed`)}
  select queue, run, n, attempt, taken from routed`

/** Puts jobs aside for a while, uncounted: their handler is not here (semantics A5). */
export const postpone = (
  sql: Sql,
  {
    session,
    jobs,
    delayMs,
    events = null,
  }: { session: number; jobs: { run: string; n: number; attempt: number }[]; delayMs: number; events?: string | null },
) => sql`
  with put_back as (
  update job set session = null, phase = 'scheduled', due_at = clock_now() + ${delayMs}::float8 * interval '1 millisecond'
  from unnest(
    ${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[], ${column(jobs.map(j => j.attempt))}::int[]
  ) as held(run, n, attempt)
  where job.run = held.run and job.n = held.n and job.attempt = held.attempt and job.session = ${session}
  returning job.run, job.n, job.node, job.item, job.failures + job.lost + 1 as tries
  )
  ${tell(events, session, part`select ${code['job.released']}::smallint as what, run, n, node, item, tries, null::bigint as us from put_back`)}
  select n from put_back`
