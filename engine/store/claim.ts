import type { HeldJob, QueuedJob } from './job.ts'
import type { Json } from '../model/json.ts'
import { code } from '../model/event.ts'
import { tell } from './event.ts'
import { column, none, part, type Sql } from './sql.ts'

/** What expressions see of a run. */
export type RunFacts = { id: string; name: string; input: Json; started_at: Date }

/** Where a pull goes on: rows before it were seen taken. `rank` is 9 - priority; `ready` in seconds since 1970. */
export type Cursor = { rank: number; ready: number }

/**
 * Takes up to `limit` queued jobs of one queue, 9 before 0 and older before newer, for `session`.
 *
 * Claims of a queue take turns by an advisory lock, which is gone with the statement; another that holds it means
 * `busy`, and the caller comes again. With `limited` the claim waits for its turn. (`for update skip locked` would write and log every row twice.) The rows go by
 * `ctid`: under a generic plan `in (select … limit)` scans and hashes the table, 50 ms a batch instead of 3. The outer
 * condition must not speak of `phase`: it would match the partial index, and all of that be read (76 ms at 20,000 rows).
 * Root jobs come with what is to be known of their run, which saves a round trip before a single task starts.
 * A queue with `concurrency` or `rateLimit` gives no more than they leave; a paused one nothing.
 *
 * @param after where to begin: with a long graveyard of dead rows before it, the scan otherwise costs 13x
 */
export const claimQueue = (sql: Sql, claim: Claim & { limited?: boolean }): Promise<Claimed> =>
  claim.limited
    ? // What runs is counted under the lock, so the lock must be older than the statement's snapshot.
      sql.begin(async inner => {
        await inner`select pg_advisory_xact_lock(29810, ${claim.queue})`
        return claimRows(inner, { ...claim, limited: true })
      })
    : claimRows(sql, { ...claim, limited: false })

/** Those of these queues in which something is queued: one look for all, where most have nothing. */
export const queuesWithJobs = async (sql: Sql, queues: number[]): Promise<number[]> => {
  const rows = await sql<{ id: number }>`
  select queue.id from unnest(${column(queues)}::int[]) as queue(id),
    lateral (select from job where queue = queue.id and phase = 'ready' and session is null order by rank, due_at limit 1) first`
  return rows.map(row => row.id)
}

type Claim = { session: number; queue: number; limit: number; after?: Cursor }
export type Claimed = { jobs: HeldJob[]; runs: RunFacts[]; busy: boolean; cursor?: Cursor }

const claimRows = async (
  sql: Sql,
  { session, queue, limit, after, limited }: Claim & { limited: boolean },
): Promise<Claimed> => {
  const rows = await sql<HeldJob & RunColumns & { got: boolean; rank: number }>`
  with turn as materialized (
    select pg_try_advisory_xact_lock(29810, ${queue}) as got from queue
    where id = ${queue} and not paused and exists (select from session where id = ${session} and lease_ends_at > clock_now())
  ),
  ${
    limited
      ? part`allowed as materialized (
    select least(
        ${limit}::int,
        queue.concurrency - case when queue.concurrency is null then 0 else
          (select count(*) from job where job.queue = queue.id and job.phase = 'ready' and job.session is not null) end,
        floor(tokens.left_over)::int) as n,
      tokens.left_over
    from turn, queue,
    lateral (select case when rate_count is null then null else
      least(rate_count, coalesce(queue.tokens, rate_count)
        + extract(epoch from clock_now() - coalesce(queue.tokens_at, clock_now())) * 1000 * rate_count / rate_ms) end as left_over) tokens
    where queue.id = ${queue} and turn.got
  ),`
      : none
  }
  taken as (
    update job set session = ${session}, attempt = attempt + 1
    where ctid = any(array(
      select ctid from job
      where queue = ${queue} and phase = 'ready' and session is null
        and (rank, due_at) >= (${after?.rank ?? 0}::smallint, to_timestamp(${after?.ready ?? 0}::float8))
      order by rank, due_at
      limit coalesce((${limited ? part`select greatest(n, 0) from allowed` : part`select ${limit}::int from turn where got`}), 0))) -- null would be no limit
      and session is null
    returning run, n, plan, node, base, parent, item, queue, attempt, failures, lost, pending, unmet, inner_base, total, doomed, result, rank,
      extract(epoch from due_at)::float8 as ready
  )
  ${
    limited
      ? part`, spent as (
    update queue set tokens = allowed.left_over - (select count(*) from taken), tokens_at = clock_now()
    from allowed where queue.id = ${queue} and queue.rate_count is not null and (select count(*) from taken) > 0
  )`
      : none
  }
  select taken.*, true as got, run.name as run_name, run.input as run_input, run.started_at as run_started_at
  from taken left join run on taken.n = 0 and run.id = taken.run
  union all
  select null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, false, null, null, null
  from turn where not got`
  const busy = rows.length === 1 && !rows[0]!.got
  if (busy || rows.length === 0) return { jobs: [], runs: [], busy }
  const rank = Math.max(...rows.map(row => row.rank))
  return {
    jobs: rows,
    runs: factsOf(rows),
    busy,
    cursor: { rank, ready: Math.max(...rows.filter(row => row.rank === rank).map(row => row.ready)) },
  }
}

/**
 * Takes the jobs that hints name, as far as they are still queued in that attempt, and their queue is one of `queues` and has
 * neither limit nor pause. A hint that is late, doubled or invented takes nothing.
 *
 * `phase::text` keeps the planner off `job_ready`: under stale statistics it walked through all queued jobs for each hint
 * (200 hints beside 100,000 jobs: 3.7 s instead of 2 ms).
 */
export const claimJobs = async (
  sql: Sql,
  { session, jobs, queues }: { session: number; jobs: Omit<QueuedJob, 'queue'>[]; queues: number[] },
): Promise<{ jobs: HeldJob[]; runs: RunFacts[] }> => {
  const sorted = jobs.toSorted((a, b) => (a.run < b.run ? -1 : a.run > b.run ? 1 : a.n - b.n))
  const rows = await sql<HeldJob & RunColumns>`
  with taken as (
  update job set session = ${session}, attempt = job.attempt + 1
  from unnest(
    ${column(sorted.map(j => j.run))}::uuid[], ${column(sorted.map(j => j.n))}::int[], ${column(sorted.map(j => j.attempt))}::int[]
  ) as hint(run, n, attempt), queue
  where job.run = hint.run and job.n = hint.n and job.attempt = hint.attempt and job.phase::text = 'ready' and job.session is null
    and queue.id = job.queue and queue.id = any(${column(queues)}::int[]) and not queue.paused and queue.concurrency is null and queue.rate_count is null
    and exists (select from session where id = ${session} and lease_ends_at > clock_now())
  returning job.run, job.n, job.plan, job.node, job.base, job.parent, job.item, job.queue, job.attempt, job.failures, job.lost,
    job.pending, job.unmet, job.inner_base, job.total, job.doomed, job.result, extract(epoch from job.due_at)::float8 as ready
  )
  select taken.*, run.name as run_name, run.input as run_input, run.started_at as run_started_at
  from taken left join run on taken.n = 0 and run.id = taken.run`
  return { jobs: rows, runs: factsOf(rows) }
}

type RunColumns = { run_name: string | null; run_input: Json; run_started_at: Date | null }

const factsOf = (rows: (HeldJob & RunColumns)[]): RunFacts[] =>
  rows.flatMap(row =>
    row.n === 0 ? [{ id: row.run, name: row.run_name!, input: row.run_input, started_at: row.run_started_at! }] : [],
  )

/**
 * Gives jobs back unstarted: nothing is counted, `attempt` stays (the next claim raises it). Cancelled ones go to the engine's
 * own queue: theirs may be paused. Returns what is queued again.
 */
export const release = (
  sql: Sql,
  {
    session,
    jobs,
    events = null,
  }: { session: number; jobs: { run: string; n: number; attempt: number; untold?: number }[]; events?: string | null },
): Promise<QueuedJob[]> =>
  sql<QueuedJob>`
  with put_back as (
  update job set session = null,
    queue = case when job.doomed or job.result is not null then 0 else job.queue end,
    rank = case when job.doomed or job.result is not null then 0 else job.rank end,
    inner_base = case when job.result is not null then coalesce(job.inner_base, job.base) else job.inner_base end
  from unnest(
    ${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[], ${column(jobs.map(j => j.attempt))}::int[],
    ${column(jobs.map(j => code['job.released'] + (j.untold ?? 0)))}::smallint[]
  ) as held(run, n, attempt, what)
  where job.run = held.run and job.n = held.n and job.attempt = held.attempt and job.session = ${session}
  returning job.queue, job.run, job.n, job.node, job.item, job.attempt, job.failures + job.lost + 1 as tries, held.what
  )
  ${tell(events, session, part`select what, run, n, node, item, tries, null::bigint as us from put_back where queue <> 0`)}
  select queue, run, n, attempt from put_back`
