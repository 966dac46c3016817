import { code } from '../model/event.ts'
import { tell } from './event.ts'
import type { QueuedJob } from './job.ts'
import { column, part, type Sql } from './sql.ts'

/** Queues scheduled jobs whose time has come, oldest first. */
export const promoteDue = (
  sql: Sql,
  { limit, events = null }: { limit: number; events?: string | null },
): Promise<QueuedJob[]> => sql<QueuedJob>`
  with due as (
  update job set phase = 'ready', due_at = clock_now()
  where ctid = any(array(
    select ctid from job where phase = 'scheduled' and due_at <= clock_now() order by due_at limit ${limit} for update skip locked))
  returning queue, run, n, node, item, attempt, failures + lost + 1 as tries
  )
  ${tell(events, null, part`select ${code['job.queued']}::smallint as what, run, n, node, item, tries, null::bigint as us from due where queue <> 0`)}
  select queue, run, n, attempt from due`

/** ms until the next scheduled job or deadline is due; null: none is. */
export const nextDue = async (sql: Sql): Promise<number | null> => {
  const [row] = await sql<{ ms: number | null }>`
  select extract(epoch from least(
    (select due_at from job where phase = 'scheduled' order by due_at limit 1),
    (select at from alarm order by at limit 1)
  ) - clock_now())::float8 * 1000 as ms`
  return row!.ms
}

/** Deadlines that have passed. They ring again in `againMs` until `silence` is called, so that a crash loses none. */
export const ringAlarms = (
  sql: Sql,
  { limit, againMs }: { limit: number; againMs: number },
): Promise<{ run: string; n: number }[]> => sql<{ run: string; n: number }>`
  update alarm set at = clock_now() + ${againMs}::float8 * interval '1 millisecond'
  where ctid = any(array(select ctid from alarm where at <= clock_now() order by at limit ${limit} for update skip locked))
  returning run, n`

export const silence = (sql: Sql, alarms: { run: string; n: number }[]) => sql`
  delete from alarm using unnest(${column(alarms.map(a => a.run))}::uuid[], ${column(alarms.map(a => a.n))}::int[]) as over(run, n)
  where alarm.run = over.run and alarm.n = over.n`

/** ms left until the deadlines of these jobs, for those that have one. */
export const remaining = (
  sql: Sql,
  jobs: { run: string; n: number }[],
): Promise<{ run: string; n: number; ms: number }[]> =>
  sql<{ run: string; n: number; ms: number }>`
  select alarm.run, alarm.n, extract(epoch from at - clock_now())::float8 * 1000 as ms
  from unnest(${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[]) as j(run, n)
  join alarm on alarm.run = j.run and alarm.n = j.n`
