import { type NodeCount, retriedFor } from './view.ts'
import { part, type Part, type Sql } from './sql.ts'

/** A job that is shown by itself: one that runs, or an item that has failed. */
export type Shown = {
  n: number
  item: number | null
  /** The claim that this is: progress of an earlier one is over. */
  attempt: number
  /** When it became ready, or ended. */
  since: string
  worker: string | null
  error: { name?: string; message?: string } | null
}

/** What a look found: `past` counts will be found no more, for the next look begins behind them. */
export type Tally = NodeCount & { past: boolean; shown: Shown[] | null; next: number }

/** So many jobs of one node and state are shown by themselves. */
const shownAtMost = 3

/**
 * The state of every node of a run, counted from where the last look ended. Numbers grow as scopes open, and what is below the first
 * open job of an opened scope has ended for good: it is counted once and left out from then on. So a look costs what is open and
 * what has ended since, however many items there are: with 100,000 of them 3 ms instead of 90.
 *
 * A scope whose number was given out and which opens and ends between two looks, behind one that was faster, is passed over: who
 * wants the last word counts everything once more (`countNodes`).
 *
 * @param size the plan's nodes: the jobs of the root's scope have the numbers below it, and are always counted
 * @param from `next` of the last look; at first `size`
 */
export const tallyNodes = (
  sql: Sql,
  { run, size, from }: { run: string; size: number; from: number },
): Promise<Tally[]> => {
  const ended = (range: Part): Part => part`
  select node, state::text, n >= ${size} and n < place.next as past, count(*)::int as jobs, max(tries) as attempts, min(coalesce(o.started_at, o.ended_at)) as started_at,
    max(o.ended_at) as ended_at, null as worker, (array_agg(error order by o.ended_at) filter (where error is not null))[1] as error, null::int as total,
    to_json((array_agg(json_build_object('n', n, 'item', item, 'attempt', attempt, 'since', o.ended_at, 'error', error) order by o.ended_at desc)
      filter (where item is not null and state = 'failed'))[:${shownAtMost}]) as shown, place.next
  from outcome o, place where run = ${run} and final and ${range} group by 1, 2, 3, place.next`
  return sql<Tally>`
  with open as materialized (
    select job.*, session.worker from job left join session on session.id = job.session where run = ${run}
  ),
  place as materialized (
    select greatest(${from}::int, coalesce((select min(n) from open where n >= ${size}), (select max(n) + 1 from outcome where run = ${run}), 0)) as next
  )
  select node,
    (case when phase = 'ready' and session is not null then 'running' when phase = 'ready' then case when inner_base is null then 'queued' else 'waiting' end
      else phase::text end) as state, false as past, count(*)::int as jobs,
    max(failures + lost + (session is not null or phase = 'waiting')::int) as attempts, min(due_at) as started_at,
    null::timestamptz as ended_at, max(worker) as worker, ${retriedFor(run)} as error, max(total) as total,
    to_json((array_agg(json_build_object('n', n, 'item', item, 'attempt', attempt, 'since', due_at, 'worker', worker) order by due_at, n)
      filter (where session is not null))[:${shownAtMost}]) as shown, place.next
  from open job, place group by 1, 2, place.next
  union all ${ended(part`n < ${size}`)}
  union all ${ended(part`n >= ${from}`)}`
}

/** Where the jobs of a run stand that the handler has told of: its last word, by job and attempt. */
export type Progress = { id: number; n: number; attempt: number; fraction: number; message: string }

/** What handlers have told of their progress since a line, the newest of the last `limit` lines. */
export const progressSince = (
  sql: Sql,
  { run, after, limit }: { run: string; after: number; limit: number },
): Promise<Progress[]> => sql<Progress>`
  select id, n, attempt, (fields ->> 'progress')::float8 as fraction, message from (
    select id, n, attempt, fields, message from log where run = ${run} and id > ${after} order by id desc limit ${limit}) l
  where fields ->> 'progress' is not null order by id`
