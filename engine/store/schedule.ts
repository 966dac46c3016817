import type { Trigger } from '../model/trigger.ts'
import { column, lines, type Sql } from './sql.ts'

/** Why a fire time has no run. */
export type Problem = { name: string; message: string; slot: string }

/** A schedule whose time has come. Times are ms since 1970. */
export type DueSchedule = {
  /** Where its row lies: it stays there as long as it is locked. */
  place: string
  name: string
  plan: number
  slot: number
  now: number
  /** Of its runs that were open when it was last looked at, those that still are. */
  open: string[]
  /** When the last of the others ended. */
  free: number | null
}

/**
 * Locks schedules whose time has come, the latest first of all; what another beat has locked is its. A beat that stops in the
 * middle of it (a laptop's lid, SIGSTOP) is thrown out by the database after `idleMs`, so that others can go on.
 *
 * `open` by a scalar: as an `exists` it becomes a join, which a plan made while `job` was empty begins there (500 rows take
 * 1.5 s when 10,000 jobs are open).
 */
export const lockDue = (
  sql: Sql,
  { namespace, limit, idleMs }: { namespace: string; limit: number; idleMs: number },
): Promise<DueSchedule[]> => sql<DueSchedule>`
  with bounded as materialized (select set_config('idle_in_transaction_session_timeout', ${String(idleMs)}, true))
  select ctid::text as place, name, plan, extract(epoch from slot)::float8 * 1000 as slot, extract(epoch from clock_now())::float8 * 1000 as now,
    array(select run from unnest(open) as o(run) where (select true from job where job.run = o.run and n = 0)) as open,
    (select extract(epoch from max(ended_at))::float8 * 1000 from run where id = any(schedule.open)) as free
  from bounded, schedule where namespace = ${namespace} and not paused and not draining and next_at <= clock_now()
  order by next_at limit ${limit} for update of schedule skip locked`

/** Locks one, whatever its time, so that no beat fires it meanwhile. */
export const lockSchedule = async (
  sql: Sql,
  { namespace, name }: { namespace: string; name: string },
): Promise<{ plan: number; now: number } | null> => {
  const [row] = await sql<{ plan: number; now: number }>`
  select plan, extract(epoch from clock_now())::float8 * 1000 as now from schedule
  where namespace = ${namespace} and name = ${name} for update`
  return row ?? null
}

/** What became of a schedule whose time had come. */
export type Advance = {
  place: string
  /** The next fire time; null: there is none. */
  slot: number | null
  nextAt: number | null
  fired: { slot: number; run: string } | null
  runs: number
  dropped: number
  open: string[]
  problem: Problem | null
}

/** Moves locked schedules on, by their places. A problem stays until a run starts. */
export const advance = (sql: Sql, advances: Advance[]) => sql`
  update schedule s set slot = to_timestamp(a.slot / 1000), next_at = to_timestamp(a.next_at / 1000),
    last_slot = coalesce(to_timestamp(a.last_slot / 1000), s.last_slot), last_run = coalesce(a.last_run, s.last_run),
    last_at = case when a.last_run is null then s.last_at else clock_now() end,
    fired = s.fired + a.runs, dropped = s.dropped + a.dropped, open = coalesce(string_to_array(a.open, ',')::uuid[], '{}'),
    problem = case when a.problem is not null then a.problem::json when a.last_run is null then s.problem end
  from unnest(
    string_to_array(${lines(advances.map(a => a.place))}, E'\n')::tid[], ${column(advances.map(a => a.slot))}::float8[], ${column(advances.map(a => a.nextAt))}::float8[],
    ${column(advances.map(a => a.fired?.slot ?? null))}::float8[], ${column(advances.map(a => a.fired?.run ?? null))}::uuid[],
    ${column(advances.map(a => a.runs))}::int[], ${column(advances.map(a => a.dropped))}::int[],
    string_to_array(${lines(advances.map(a => a.open.join(',')))}, E'\n', ''),
    string_to_array(${lines(advances.map(a => (a.problem ? JSON.stringify(a.problem) : null)))}, E'\n', '')
  ) as a(place, slot, next_at, last_slot, last_run, runs, dropped, open, problem)
  where s.ctid = a.place`

/** ms until the next schedule is due; null: none is. */
export const nextFire = async (sql: Sql, namespace: string): Promise<number | null> => {
  const [row] = await sql<{ ms: number | null }>`
  select extract(epoch from (
    select next_at from schedule where namespace = ${namespace} and not paused and not draining and next_at is not null order by next_at limit 1
  ) - clock_now())::float8 * 1000 as ms`
  return row!.ms
}

export type ScheduleState = { name: string; plan: number; slot: number | null; lastSlot: number | null }

/** Schedules of these names as they are, locked; and what time it is. */
export const readStates = async (
  sql: Sql,
  { namespace, names }: { namespace: string; names: string[] },
): Promise<{ now: number; states: ScheduleState[] }> => {
  const [clock] = await sql<{ now: number }>`select extract(epoch from clock_now())::float8 * 1000 as now`
  const states = await sql<ScheduleState>`
  select name, plan, extract(epoch from slot)::float8 * 1000 as slot, extract(epoch from last_slot)::float8 * 1000 as "lastSlot"
  from schedule where namespace = ${namespace} and name = any(${column(names)}::text[]) order by name for update`
  return { now: clock!.now, states }
}

export type NewState = { name: string; plan: number; slot: number | null; nextAt: number | null; paused: boolean }

/** Sets what is compiled and the next fire time; what has happened stays. `paused` is of new ones. */
export const storeStates = (sql: Sql, { namespace, states }: { namespace: string; states: NewState[] }) => sql`
  insert into schedule (namespace, name, plan, slot, next_at, paused)
  select ${namespace}, name, plan, to_timestamp(slot / 1000), to_timestamp(next_at / 1000), paused
  from unnest(
    ${column(states.map(s => s.name))}::text[], ${column(states.map(s => s.plan))}::int[], ${column(states.map(s => s.slot))}::float8[],
    ${column(states.map(s => s.nextAt))}::float8[], ${column(states.map(s => s.paused))}::boolean[]
  ) as s(name, plan, slot, next_at, paused)
  on conflict (namespace, name) do update set plan = excluded.plan, slot = excluded.slot, next_at = excluded.next_at`

/** Other ways to fire at the same times: the times stay as they are. */
export const storePlansOf = (
  sql: Sql,
  { namespace, plans }: { namespace: string; plans: { name: string; plan: number }[] },
) => sql`
  update schedule s set plan = p.plan
  from unnest(${column(plans.map(p => p.name))}::text[], ${column(plans.map(p => p.plan))}::int[]) as p(name, plan)
  where s.namespace = ${namespace} and s.name = p.name`

/** Pauses or resumes; a resumed one goes on at `slot`. False: there is none of this name. */
export const setPaused = async (
  sql: Sql,
  {
    namespace,
    name,
    paused,
    slot,
    nextAt,
  }: { namespace: string; name: string; paused: boolean; slot: number | null; nextAt: number | null },
): Promise<boolean> => {
  const rows = await sql`
  update schedule set paused = ${paused},
    slot = case when ${paused} or not paused then slot else to_timestamp(${slot}::float8 / 1000) end,
    next_at = case when ${paused} or not paused then next_at else to_timestamp(${nextAt}::float8 / 1000) end
  where namespace = ${namespace} and name = ${name} returning name`
  return rows.length > 0
}

export type ScheduleRow = {
  name: string
  revision: number
  file: string
  paused: boolean
  /** The next fire time, nominal, and when it is to start. */
  slot: Date | null
  next_at: Date | null
  last_slot: Date | null
  last_run: string | null
  last_at: Date | null
  last_state: string | null
  fired: number
  dropped: number
  problem: Problem | null
  trigger: Trigger
}

/** Schedules as they are; of one name, or all. */
export const listSchedules = (
  sql: Sql,
  { namespace, name }: { namespace: string; name?: string | undefined },
): Promise<ScheduleRow[]> => sql<ScheduleRow>`
  select s.name, m.revision, v.file, s.paused, s.slot, s.next_at, s.last_slot, s.last_run, s.last_at, run.state as last_state,
    s.fired, s.dropped, s.problem, p.document as trigger
  from schedule s
  join plan p on p.id = s.plan
  join manifest m on m.namespace = s.namespace and m.kind = 'schedule' and m.name = s.name
  join revision v on v.namespace = m.namespace and v.kind = m.kind and v.name = m.name and v.revision = m.revision
  left join run on run.id = s.last_run
  where s.namespace = ${namespace} and (${name ?? null}::text is null or s.name = ${name ?? null}) order by s.name`

/** The database's clock, ms since 1970. */
export const clockNow = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ now: number }>`select extract(epoch from clock_now())::float8 * 1000 as now`
  return row!.now
}

export const readSchedule = async (
  sql: Sql,
  { namespace, name }: { namespace: string; name: string },
): Promise<{ trigger: Trigger; paused: boolean; now: number } | null> => {
  const [row] = await sql<{ trigger: Trigger; paused: boolean; now: number }>`
  select p.document as trigger, s.paused, extract(epoch from clock_now())::float8 * 1000 as now
  from schedule s join plan p on p.id = s.plan where s.namespace = ${namespace} and s.name = ${name}`
  return row ?? null
}
