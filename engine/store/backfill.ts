import type { Problem } from './schedule.ts'
import { column, type Sql } from './sql.ts'

/** Times are ms since 1970. `slot`: the last fire time that was dealt with. */
export type Backfill = {
  id: number
  namespace: string
  schedule: string
  from: number
  until: number
  concurrency: number
  slot: number | null
  /** Of its runs those that had not ended. */
  open: string[]
}

export const insertBackfill = async (
  sql: Sql,
  fields: { namespace: string; schedule: string; from: number; until: number; concurrency: number },
): Promise<number> => {
  const [row] = await sql<{ id: number }>`
  insert into backfill (namespace, schedule, from_at, until_at, concurrency)
  values (${fields.namespace}, ${fields.schedule}, to_timestamp(${fields.from}::float8 / 1000), to_timestamp(${fields.until}::float8 / 1000), ${fields.concurrency})
  returning id`
  return row!.id
}

/** Locks one that is running, until the transaction ends; null: it is not. */
export const lockBackfill = async (sql: Sql, id: number): Promise<Backfill | null> => {
  const [row] = await sql<Backfill>`
  select id, namespace, schedule, extract(epoch from from_at)::float8 * 1000 as from, extract(epoch from until_at)::float8 * 1000 as until,
    concurrency, extract(epoch from slot)::float8 * 1000 as slot,
    array(select run from unnest(open) as o(run) where (select true from job where job.run = o.run and n = 0)) as open
  from backfill where id = ${id} and state = 'running' for update`
  return row ?? null
}

/** Notes how far one has come. @param present fire times that had their run before */
export const moveBackfill = (
  sql: Sql,
  move: {
    id: number
    slot: number | null
    fired: number
    present: number
    open: string[]
    problem: Problem | null
    done: boolean
  },
) => sql`
  update backfill set slot = coalesce(to_timestamp(${move.slot}::float8 / 1000), slot), fired = fired + ${move.fired}, present = present + ${move.present},
    open = ${column(move.open)}::uuid[], problem = coalesce(${move.problem && JSON.stringify(move.problem)}::json, problem),
    state = case when ${move.done} then 'done' else state end, ended_at = case when ${move.done} then clock_now() end
  where id = ${move.id}`

/** Stops those of schedules. Gives how many there were. */
export const cancelBackfills = async (
  sql: Sql,
  { namespace, schedules }: { namespace: string; schedules: string[] },
): Promise<number> => {
  const rows = await sql`
  update backfill set state = 'cancelled', ended_at = clock_now()
  where namespace = ${namespace} and schedule = any(${column(schedules)}::text[]) and state = 'running' returning id`
  return rows.length
}

/** Those of schedules that have not come to their end. */
export const openBackfills = (
  sql: Sql,
  { namespace, schedules }: { namespace: string; schedules: string[] },
): Promise<{ schedule: string; from_at: Date; until_at: Date }[]> => sql<{
  schedule: string
  from_at: Date
  until_at: Date
}>`
  select schedule, from_at, until_at from backfill
  where namespace = ${namespace} and schedule = any(${column(schedules)}::text[]) and state = 'running' order by id`

export const runningBackfills = (sql: Sql, namespace: string): Promise<{ id: number }[]> =>
  sql<{ id: number }>`select id from backfill where namespace = ${namespace} and state = 'running' order by id`

export type BackfillRow = {
  id: number
  from_at: Date
  until_at: Date
  concurrency: number
  state: 'running' | 'done' | 'cancelled'
  slot: Date | null
  fired: number
  present: number
  problem: Problem | null
  started_at: Date
  ended_at: Date | null
}

/** A schedule's, the newest first. */
export const listBackfills = (
  sql: Sql,
  { namespace, schedule, limit }: { namespace: string; schedule: string; limit: number },
): Promise<BackfillRow[]> => sql<BackfillRow>`
  select id, from_at, until_at, concurrency, state, slot, fired, present, problem, started_at, ended_at
  from backfill where namespace = ${namespace} and schedule = ${schedule} order by id desc limit ${limit}`
