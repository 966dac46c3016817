import { code } from '../model/event.ts'
import { tellFacts } from './event.ts'
import { column, type Sql } from './sql.ts'

type Row = {
  n: number
  node: number
  parent: number | null
  phase: string
  session: number | null
  inner_base: number | null
  item: number | null
  tries: number
}

type Reason = { name: string; message: string }

export type Doomed = { running: { n: number; session: number }[]; ready: boolean; ended: boolean }

/**
 * Cancels what is below job `n` of a run (`null`: the whole run): what has not started is cancelled now, what runs is doomed
 * and will be stopped by its worker, open containers wait for nothing but what still runs. All rows of the run are locked in
 * the order of their numbers first, so that no settle can make new work behind our back.
 *
 * @param spared node ids that go on: blocks that must run in any case (finally)
 * @param error the error of the cancelled jobs; its message is kept with a run that is cancelled whole
 * @param graceMs how long handlers may go on after their signal; null: as their workers were told
 */
export const cancelBelow = (
  sql: Sql,
  {
    run,
    n,
    spared,
    error,
    graceMs = null,
    events = null,
  }: {
    run: string
    n: number | null
    spared: Set<number>
    error: Reason
    graceMs?: number | null
    events?: string | null
  },
): Promise<Doomed> =>
  sql.begin(async inner => {
    await giveWay(inner)
    if (n === null) {
      const open =
        await inner`update run set state = 'cancelling', reason = coalesce(reason, ${error.message}) where id = ${run} and state in ('queued', 'running', 'cancelling') returning id`
      if (open.length === 0) return { running: [], ready: false, ended: true }
    }
    const rows = await lockAll(inner, run)
    const below = descendants(rows, n).filter(row => !spared.has(row.node))
    // What was cancelled while it waits for others is decided, but has not opened anything.
    const opened = (row: Row) => row.inner_base !== null && row.phase !== 'blocked'
    const dropped = below.filter(row => row.session === null && !opened(row))
    const kept = below.filter(row => row.session !== null || opened(row))
    const gone = new Set(dropped.map(row => row.n))
    const left = new Map<number, number>()
    for (const row of rows)
      if (!gone.has(row.n) && row.parent !== null) left.set(row.parent, (left.get(row.parent) ?? 0) + 1)
    const touched = new Set(kept.map(row => row.n).concat(n ?? []))
    const waiting = rows.filter(row => touched.has(row.n) && row.phase === 'waiting')
    const ended = rows.length > 0 && dropped.some(row => row.parent === null)
    await inner`
    with dropped as (delete from job where run = ${run} and n = any(${column(dropped.map(row => row.n))}::int[]) returning run, n, attempt, failures + lost as tries, node, parent, item)
    insert into outcome (run, n, attempt, tries, node, parent, item, state, final, ended_at, error)
    select run, n, attempt, tries, node, parent, item, 'cancelled', true, clock_now(), ${JSON.stringify(error)}::json from dropped`
    if (events !== null) await tellCancelled(inner, events, { run, whole: n === null, dropped, ended })
    await inner`update job set doomed = true, grace_ms = ${graceMs}::int where run = ${run} and n = any(${column(kept.map(row => row.n))}::int[])`
    await inner`
    update job set pending = w.pending, total = job.created, phase = case when w.pending = 0 then 'ready'::phase else job.phase end, due_at = clock_now()
    from unnest(${column(waiting.map(row => row.n))}::int[], ${column(waiting.map(row => left.get(row.n) ?? 0))}::int[]) as w(n, pending)
    where job.run = ${run} and job.n = w.n`
    if (ended)
      await inner`update run set state = 'cancelled', ended_at = clock_now() where id = ${run} and ended_at is null`
    return {
      running: kept.filter(row => row.session !== null).map(row => ({ n: row.n, session: row.session! })),
      ready: waiting.some(row => !left.get(row.n)),
      ended,
    }
  })

/** A settle locks its own jobs before their joins, in other order than a cancellation: the one of us that waits long gives way. */
const giveWay = (inner: Sql) => inner`set local lock_timeout = '100ms'`

export type CancelledJobs = {
  /** Which they were. */
  ns: number[]
  /** Handlers that run. */
  running: { n: number; session: number }[]
  /** Open containers: what is below them is still to be cancelled. */
  open: number[]
  /** Some are being decided at this moment: once more in a few milliseconds. */
  busy: boolean
}

/**
 * Cancels single jobs of a run, while their siblings go on. One that does not run is decided: by the engine's own queue it
 * comes to an end like any other, and what depends on it is omitted or met by the plan. One that runs, or whose members do,
 * has its decision on its row meanwhile, so that no restart forgets it; so has one that waits for others, until its turn comes:
 * what it waits for does not speak for itself at the end of the scope. One that has not started has no finally block.
 * Where a job is decided already and only its blocks run, nothing happens.
 */
export const cancelJobs = (
  sql: Sql,
  { run, ns, error, graceMs }: { run: string; ns: number[]; error: Reason; graceMs: number | null },
): Promise<CancelledJobs> =>
  sql.begin(async inner => {
    await giveWay(inner)
    const result = { state: 'cancelled', output: null, error, errors: [error], last: true }
    const rows = await inner<{ n: number; session: number | null; phase: string; busy: boolean }>`
    with target as materialized (
      select n, session, phase, session is not null and (queue = 0 or inner_base is not null) as decides,
        session is not null or phase = 'waiting' or failures + lost > 0 as started
      from job where run = ${run} and n = any(${column(ns)}::int[])
        and (result is null or (session is not null and queue <> 0 and inner_base is null))
      order by n for update
    ),
    decided as (
      update job set grace_ms = ${graceMs}::int, due_at = clock_now(),
        result = case when target.started then ${JSON.stringify(result)} else ${JSON.stringify({ ...result, stage: 'finally' })} end::json,
        queue = case when job.session is null then 0 else job.queue end,
        rank = case when job.session is null then 0 else job.rank end,
        inner_base = case when job.session is null then coalesce(job.inner_base, job.base) else job.inner_base end,
        phase = case when job.session is null and job.phase = 'scheduled' then 'ready' else job.phase end
      from target where job.run = ${run} and job.n = target.n and not target.decides
    )
    select n, session, phase, decides as busy from target order by n`
    const cancelled = rows.filter(row => !row.busy)
    return {
      ns: cancelled.map(row => row.n),
      running: cancelled.flatMap(({ n, session }) => (session === null ? [] : [{ n, session }])),
      open: cancelled.filter(row => row.phase === 'waiting').map(row => row.n),
      busy: cancelled.length < rows.length,
    }
  })

/**
 * Locks all jobs of a run. A row that we had to wait for comes as its holder left it, but rows that the holder made are not
 * in our statement's snapshot: look again until there is nothing new.
 */
const lockAll = async (inner: Sql, run: string): Promise<Row[]> => {
  for (let before = -1; ; ) {
    const rows =
      await inner<Row>`select n, node, parent, phase, session, inner_base, item, failures + lost + 1 as tries from job where run = ${run} order by n for update`
    if (rows.length === before) return rows
    before = rows.length
  }
}

const tellCancelled = (
  sql: Sql,
  namespace: string,
  { run, whole, dropped, ended }: { run: string; whole: boolean; dropped: Row[]; ended: boolean },
) =>
  tellFacts(sql, {
    namespace,
    session: null,
    facts: [
      ...(whole ? [{ what: code['run.cancelling'], run, n: 0, node: 0, item: null, tries: 1 }] : []),
      ...dropped.map(row => ({
        what: code['job.cancelled'],
        run,
        n: row.n,
        node: row.node,
        item: row.item,
        tries: row.tries,
      })),
      ...(ended ? [{ what: code['run.cancelled'], run, n: 0, node: 0, item: null, tries: 1 }] : []),
    ],
  })

const descendants = (rows: Row[], n: number | null): Row[] => {
  if (n === null) return rows
  const inside = new Set([n])
  const found: Row[] = []
  // A member's number may be smaller than its parent's after a container's second round: repeat until nothing is added.
  for (let before = -1; before !== inside.size; ) {
    before = inside.size
    for (const row of rows)
      if (row.parent !== null && inside.has(row.parent) && !inside.has(row.n)) {
        inside.add(row.n)
        found.push(row)
      }
  }
  return found
}

/** Which of these jobs, whose handlers run, are cancelled: a worker asks for those that run long, in case the broadcast was lost. */
export const doomedJobs = (
  sql: Sql,
  jobs: { run: string; n: number }[],
): Promise<{ run: string; n: number; grace_ms: number | null }[]> => sql<{
  run: string
  n: number
  grace_ms: number | null
}>`
  select job.run, job.n, job.grace_ms
  from unnest(${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[]) as j(run, n)
  join job on job.run = j.run and job.n = j.n where job.doomed or job.result is not null`
