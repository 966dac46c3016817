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

export type Doomed = { running: { n: number; session: number }[]; ready: boolean; ended: boolean }

/**
 * Cancels what is below job `n` of a run (`null`: the whole run): what has not started is cancelled now, what runs is doomed
 * and will be stopped by its worker, open containers wait for nothing but what still runs. All rows of the run are locked in
 * the order of their numbers first, so that no settle can make new work behind our back.
 *
 * @param spared node ids that go on: blocks that must run in any case (finally)
 * @param error the error of the cancelled jobs; its message is kept with a run that is cancelled whole
 */
export const cancelBelow = (
  sql: Sql,
  {
    run,
    n,
    spared,
    error,
    events = null,
  }: {
    run: string
    n: number | null
    spared: Set<number>
    error: { name: string; message: string }
    events?: string | null
  },
): Promise<Doomed> =>
  sql.begin(async inner => {
    // A settle locks its own jobs before their joins, in other order than here: the one of us that waits long gives way.
    await inner`set local lock_timeout = '100ms'`
    if (n === null) {
      const open =
        await inner`update run set state = 'cancelling', reason = coalesce(reason, ${error.message}) where id = ${run} and state in ('queued', 'running', 'cancelling') returning id`
      if (open.length === 0) return { running: [], ready: false, ended: true }
    }
    const rows = await lockAll(inner, run)
    const below = descendants(rows, n).filter(row => !spared.has(row.node))
    const opened = (row: Row) => row.inner_base !== null
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
    await inner`update job set doomed = true where run = ${run} and n = any(${column(kept.map(row => row.n))}::int[])`
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

/** Which of these held jobs are doomed: a worker asks for those that run long, in case the broadcast was lost. */
export const doomedJobs = (sql: Sql, jobs: { run: string; n: number }[]): Promise<{ run: string; n: number }[]> => sql<{
  run: string
  n: number
}>`
  select job.run, job.n
  from unnest(${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[]) as j(run, n)
  join job on job.run = j.run and job.n = j.n where job.doomed`
