import type { PlacedJob } from '../model/job.ts'
import type { Json } from '../model/json.ts'
import type { JobState } from '../model/state.ts'
import { column, part, type Part, type Sql } from './sql.ts'

/** Jobs of a run that are alike: one node, one state. `jobs` is 1 for all but items of a forEach and what is inside. */
export type NodeCount = {
  node: number
  state: JobState
  jobs: number
  attempts: number
  started_at: Date | null
  ended_at: Date | null
  /** The worker of one of them. */
  worker: string | null
  error: Json
  /** An open forEach: its items in all. */
  total: number | null
}

/** Of jobs counted together that wait to be tried again: what the first of them failed of. One look into an index, however many there are. */
export const retriedFor = (run: string): Part => part`
  (select o.error from outcome o where o.run = ${run} and o.n = min(job.n) filter (where job.phase = 'scheduled' and job.failures > 0)
    order by o.attempt desc limit 1)`

/** What the last attempt of a job that waits to be tried again failed of. */
const lastError = part`
  case when job.phase = 'scheduled' and job.failures > 0
    then (select o.error from outcome o where o.run = job.run and o.n = job.n order by o.attempt desc limit 1) end`

/** The state of every node of a run, counted: as large as the plan, however many items there are. */
export const countNodes = (sql: Sql, run: string): Promise<NodeCount[]> => sql<NodeCount>`
  select node,
    (case when phase = 'ready' and session is not null then 'running' when phase = 'ready' then case when inner_base is null then 'queued' else 'waiting' end
      else phase::text end) as state,
    count(*)::int as jobs, max(case when session is null and phase <> 'waiting' then failures + lost else failures + lost + 1 end) as attempts, min(due_at) as started_at, null::timestamptz as ended_at,
    max(session.worker) as worker, ${retriedFor(run)} as error, max(total) as total
  from job left join session on session.id = job.session where run = ${run} group by 1, 2
  union all
  select node, state::text, count(*)::int, max(tries), min(coalesce(started_at, ended_at)), max(o.ended_at), null,
    (array_agg(error order by o.ended_at) filter (where error is not null))[1], null
  from outcome o where run = ${run} and final group by 1, 2`

export type JobView = {
  n: number
  node: number
  parent: number | null
  item: number | null
  state: JobState
  attempt: number
  failures: number
  lost: number
  ready_at: Date | null
  started_at: Date | null
  ended_at: Date | null
  worker: string | null
  error: Json
}

/** Jobs of a run one by one, in the order of their numbers. */
export const listJobs = (sql: Sql, { run, limit }: { run: string; limit: number }): Promise<JobView[]> => sql<JobView>`
  select n, node, parent, item,
    (case when phase = 'ready' and session is not null then 'running' when phase = 'ready' then case when inner_base is null then 'queued' else 'waiting' end
      else phase::text end) as state,
    failures + lost + (session is not null)::int as attempt, failures, lost, due_at as ready_at, null::timestamptz as started_at, null::timestamptz as ended_at, session.worker, ${lastError} as error
  from job left join session on session.id = job.session where run = ${run}
  union all
  select n, node, parent, item, state::text, tries,
    (select count(*)::int from outcome f where f.run = o.run and f.n = o.n and f.state = 'failed' and f.lost is not true),
    (select count(*)::int from outcome f where f.run = o.run and f.n = o.n and f.lost),
    ready_at, o.started_at, o.ended_at, session.worker, error
  from outcome o left join session on session.id = o.session where run = ${run} and final
  order by n limit ${limit}`

/** Where these jobs stand, and all that they are in: open ones, and ended ones. */
export const readPlaces = (
  sql: Sql,
  { run, ns }: { run: string; ns: number[] },
): Promise<PlacedJob[]> => sql<PlacedJob>`
  with recursive found as (
    select n, node, parent, item from unnest(${column(ns)}::int[]) as wanted(of), lateral (
      select n, node, parent, item from job where run = ${run} and n = of
      union all select n, node, parent, item from outcome where run = ${run} and n = of and final
      limit 1) one
    union
    select one.n, one.node, one.parent, one.item from found, lateral (
      select n, node, parent, item from job where run = ${run} and n = found.parent
      union all select n, node, parent, item from outcome where run = ${run} and n = found.parent and final
      limit 1) one
  )
  select n, node, parent, item from found`

export type ScheduledJob = {
  run: string
  plan: number
  node: number
  item: number | null
  queue: number
  rank: number
  failures: number
  due_at: Date
}

/** Jobs of these queues that wait for their time, the next first. */
export const scheduledJobs = (
  sql: Sql,
  { queues, limit }: { queues: number[]; limit: number },
): Promise<ScheduledJob[]> => sql<ScheduledJob>`
  select run, plan, node, item, queue, rank, failures, due_at from job
  where phase = 'scheduled' and queue = any(${column(queues)}::int[]) order by due_at limit ${limit}`

/** How many jobs of these queues wait for a worker, at most `limit`. */
export const countQueued = async (
  sql: Sql,
  { queues, limit }: { queues: number[]; limit: number },
): Promise<number> => {
  const [row] = await sql<{ jobs: number }>`
  select count(*)::int as jobs from (
    select from job where queue = any(${column(queues)}::int[]) and phase = 'ready' and session is null limit ${limit}) found`
  return row!.jobs
}

/** The result of a run: the final outcome of its root; of one that was cancelled as a whole the error says why. */
export const readRoot = async (sql: Sql, run: string): Promise<{ output: Json; error: Json } | null> => {
  const [row] = await sql<{
    output: Json
    error: Json
  }>`
  select output, case when run.state = 'cancelled' and run.reason is not null and error ->> 'name' = 'Cancelled'
    then json_build_object('name', 'Cancelled', 'message', run.reason) else error end as error
  from outcome join run on run.id = outcome.run where outcome.run = ${run} and n = 0 and final`
  return row ?? null
}

export type AttemptView = {
  n: number
  attempt: number
  state: string
  final: boolean
  input: Json
  output: Json
  error: Json
  started_at: Date | null
  ended_at: Date
  worker: string | null
  code: string | null
}

/** Every attempt of these jobs, with what it got and gave. */
export const listAttempts = (
  sql: Sql,
  { run, ns }: { run: string; ns: number[] },
): Promise<AttemptView[]> => sql<AttemptView>`
  select o.n, o.tries as attempt, o.state, o.final, o.input, o.output, o.error, o.started_at, o.ended_at, session.worker, o.code
  from outcome o left join session on session.id = o.session
  where o.run = ${run} and o.n = any(${column(ns)}::int[]) order by o.n, o.attempt`

export type OpenJobView = {
  run: string
  plan: number
  node: number
  item: number | null
  state: JobState
  queue: string
  due_at: Date
  worker: string | null
  /** Of one that waits to be tried again: what it failed of. */
  error: Json
}

/** Open jobs of a namespace, whatever run they are of, those that could move first; optionally of one queue, or in one state. */
export const listOpenJobs = (
  sql: Sql,
  { namespace, queue, state, limit }: { namespace: string; queue: number | null; state: string | null; limit: number },
): Promise<OpenJobView[]> => sql<OpenJobView>`
  select * from (
    select run, job.plan, node, item,
      (case when phase = 'ready' and session is not null then 'running' when phase = 'ready' then case when inner_base is null then 'queued' else 'waiting' end
        else phase::text end) as state,
      queue.name as queue, due_at, session.worker, ${lastError} as error
    from job join queue on queue.id = job.queue join run on run.id = job.run left join session on session.id = job.session
    where run.namespace = ${namespace} and (${queue}::int is null or job.queue = ${queue}::int)
  ) open
  where ${state}::text is null or state = ${state}
  order by array_position(array['running', 'queued', 'scheduled', 'waiting', 'blocked'], state), due_at limit ${limit}`

/** Open jobs of a namespace by queue and state; decisions are not counted. */
export const countJobs = (
  sql: Sql,
  { namespace }: { namespace: string },
): Promise<{ queue: string; state: string; jobs: number }[]> => sql<{ queue: string; state: string; jobs: number }>`
  select queue.name as queue, case when phase = 'ready' then case when session is null then 'queued' else 'running' end else phase::text end as state,
    count(*)::int as jobs
  from job join queue on queue.id = job.queue where queue.namespace = ${namespace} group by 1, 2 order by 1, 2`

export type EndedJobView = {
  n: number
  node: number
  parent: number | null
  /** Of an item of a forEach its position, from 0. */
  item: number | null
  state: 'succeeded' | 'failed' | 'cancelled' | 'skipped' | 'omitted'
  /** How many times it was tried; 0: it never began. */
  attempt: number
  input: Json
  output: Json
  error: Json
}

/** Every job of a run that has ended, as its last attempt left it. */
export const listEnded = (sql: Sql, run: string): Promise<EndedJobView[]> => sql<EndedJobView>`
  select n, node, parent, item, state, attempt, input, output, error from outcome where run = ${run} and final order by n`
