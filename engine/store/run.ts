import type { Json } from '../model/json.ts'
import type { RunState } from '../model/state.ts'
import { code } from '../model/event.ts'
import { tell } from './event.ts'
import type { Scope } from './job.ts'
import { column, lines, none, type Part, part, type Sql } from './sql.ts'

export type NewRun = {
  id: string
  input: string
  /** Where it is not that of the start. */
  trigger?: string
  /** The nominal fire time of a schedule, ms since 1970. */
  fireTimeMs?: number
}

/** A run that is started under a key: once, however often it is asked for (semantics A3). */
export type KeyedRun = NewRun & {
  key: string
  inputHash: string
  /** How long the key is kept at least; null: as long as its run is known. */
  ttlMs: number | null
  /** The signed id of the delivery that asks for it: one delivery never stands for two keys. */
  delivery?: string | null
}

/** `duplicate`: the key has started this run before; `conflict`: with another input, or the delivery came with another key. */
export type StartedOnce = { id: string; duplicate: boolean; conflict: boolean }

/** What all runs of one start have in common: the plan's root scope is made for each of them. */
export type Start = {
  namespace: string
  kind: 'task' | 'workflow'
  name: string
  revision: number
  plan: number
  scope: Scope
  nextN: number
  deadlineMs: number | null
  trigger: string
  labels: Json
}

/**
 * Starts runs of one plan: run, jobs and hint in one statement and commit. The hint is sent inside, because a start has no
 * worker behind it that could send it afterwards; `channel` null sends none. `events`: see settle.
 *
 * Starting a run that is there already does nothing, so a start whose answer was lost may be sent again.
 */
export const startRuns = (sql: Sql, start: Start, runs: NewRun[], announced: Announced): Promise<string[]> =>
  insertRuns(sql, start, runs, null, announced)

/**
 * Starts runs of one plan, each under its key, in one statement and commit: a key that is known starts nothing, and who comes second
 * while the first is being written waits for its commit. Then what the key stands for is read: the first run, or a conflict.
 * In the order of keys, so that two who start the same ones do not wait for each other.
 */
export const startEachOnce = async (
  sql: Sql,
  start: Start,
  runs: KeyedRun[],
  announced: Announced,
): Promise<StartedOnce[]> => {
  const keyed = part`wanted as materialized (
    select key #>> '{}' as key, input_hash, run, clock_now() + ttl * interval '1 millisecond' as expires_at, delivery #>> '{}' as delivery
    from unnest(
      string_to_array(${lines(runs.map(r => JSON.stringify(r.key)))}, E'\n', '')::json[], ${column(runs.map(r => r.inputHash))}::text[],
      ${column(runs.map(r => r.id))}::uuid[], ${column(runs.map(r => r.ttlMs))}::float8[],
      string_to_array(${lines(runs.map(r => JSON.stringify(r.delivery ?? null)))}, E'\n', '')::json[]
    ) as k(key, input_hash, run, ttl, delivery)
  ),
  delivered as (
    insert into idempotency (namespace, name, key, input_hash, run, expires_at)
    select ${start.namespace}, ${start.name}, delivery, key, run, expires_at from wanted where delivery is not null order by delivery
    on conflict do nothing
    returning run
  ),
  keyed as (
    insert into idempotency (namespace, name, key, input_hash, run, expires_at)
    select ${start.namespace}, ${start.name}, key, input_hash, run, expires_at from wanted
    where delivery is null or run in (select run from delivered) order by key
    on conflict do nothing
    returning run
  ),`
  const started = new Set(await insertRuns(sql, start, runs, keyed, announced))
  const known = runs.filter(run => !started.has(run.id))
  const first = known.length === 0 ? new Map() : await readKeys(sql, start, known)
  return Promise.all(
    runs.map(async run => {
      if (started.has(run.id)) return { id: run.id, duplicate: false, conflict: false }
      const found = first.get(run.key)
      const delivery = run.delivery ? first.get(run.delivery) : undefined
      if (delivery && delivery.input_hash !== run.key) return { id: delivery.run, duplicate: true, conflict: true }
      // Its time had passed and it was deleted in between: now it is new.
      if (!found) return (await startEachOnce(sql, start, [{ ...run, delivery: null }], announced))[0]!
      return { id: found.run, duplicate: true, conflict: found.input_hash !== run.inputHash }
    }),
  )
}

type Announced = { channel: string | null; events?: string | null }

const readKeys = async (
  sql: Sql,
  { namespace, name }: Start,
  runs: KeyedRun[],
): Promise<Map<string, { run: string; input_hash: string }>> => {
  const rows = await sql<{ key: string; run: string; input_hash: string }>`
  select key, run, input_hash from idempotency
  where namespace = ${namespace} and name = ${name} and key = any(array(
    select key #>> '{}' from unnest(string_to_array(${lines(runs.flatMap(r => [r.key, r.delivery ?? []].flat()).map(key => JSON.stringify(key)))}, E'\n', '')::json[]) as k(key)))`
  return new Map(rows.map(row => [row.key, row]))
}

/** `keyed` null: without keys; else the piece that inserts them and gives the runs whose keys are new. */
const insertRuns = async (
  sql: Sql,
  start: Start,
  runs: NewRun[],
  keyed: Part | null,
  { channel, events = null }: Announced,
): Promise<string[]> => {
  const { scope } = start
  const rows = await sql<{ id: string }>`
  with ${keyed ?? none}
  started as (
    insert into run (id, namespace, kind, name, revision, plan, input, labels, trigger, next_n, fire_time)
    select id, ${start.namespace}, ${start.kind}, ${start.name}, ${start.revision}, ${start.plan}, input::json,
      ${start.labels === null ? null : JSON.stringify(start.labels)}::json, coalesce(trigger, ${start.trigger}), ${start.nextN}, to_timestamp(fire_ms / 1000)
    from unnest(${column(runs.map(r => r.id))}::uuid[], string_to_array(${lines(runs.map(r => r.input))}, E'\n', ''),
      string_to_array(${runs[0]?.trigger === undefined ? null : lines(runs.map(r => r.trigger ?? null))}::text, E'\n', ''),
      ${runs[0]?.fireTimeMs === undefined ? null : column(runs.map(r => r.fireTimeMs ?? null))}::float8[]) as r(id, input, trigger, fire_ms)
    ${keyed ? part`where id in (select run from keyed)` : none}
    on conflict (id) do nothing
    returning id
  ),
  made as (
    insert into job (run, due_at, n, plan, node, base, parent, queue, pending, inner_base, rank, phase)
    select id, clock_now(), s.node, ${start.plan}, s.node, 0, nullif(s.parent, -1), s.queue, s.pending, case when s.opened then 0 end, s.rank, s.phase
    from started, unnest(
      ${scope.node}::int[], ${scope.parent}::int[], ${scope.queue}::int[], ${scope.rank}::smallint[], ${scope.phase}::phase[],
      ${scope.pending}::int[], ${scope.opened}::boolean[]
    ) as s(node, parent, queue, rank, phase, pending, opened)
    returning run, n, node, phase, queue, inner_base
  )
  ${
    start.deadlineMs === null
      ? none
      : part`, alarms as (
    insert into alarm (run, n, at) select id, 0, clock_now() + ${start.deadlineMs}::float8 * interval '1 millisecond' from started
  )`
  }
  ${tell(
    events,
    null,
    part`
    select ${code['run.started']}::smallint as what, id as run, 0 as n, 0 as node, null::int as item, 1 as tries, null::bigint as us from started
    union all select (case when inner_base is null then ${code['job.queued']} else ${code['job.started']} end)::smallint, run, n, node, null, 1, null
      from made where inner_base is not null or (phase = 'ready' and queue <> 0)`,
  )}
  select id, case when ${channel}::text is not null and row_number() over () = 1 then pg_notify(${channel}, ${scope.hint}) end from started`
  return rows.map(row => row.id)
}

/** Names and values that people give to runs, to find them by. */
export type Labels = { [name: string]: string }

/** Runs with all of these labels that have not ended: their root still has a job. */
export const openRunsWith = (
  sql: Sql,
  { namespace, labels }: { namespace: string; labels: Labels },
): Promise<{ id: string }[]> => sql<{ id: string }>`
  select run.id from job join run on run.id = job.run
  where job.n = 0 and run.namespace = ${namespace} and run.labels::jsonb @> ${JSON.stringify(labels)}::text::jsonb order by run.id`

export type RunRow = {
  id: string
  namespace: string
  kind: 'task' | 'workflow'
  name: string
  revision: number
  plan: number
  state: RunState
  input: Json
  labels: Json
  trigger: string
  /** Why it was cancelled. */
  reason: string | null
  warnings: number
  /** The nominal fire time, of a schedule's run. */
  fire_time: Date | null
  started_at: Date
  ended_at: Date | null
}

export const readRuns = (sql: Sql, ids: string[]): Promise<RunRow[]> => sql<RunRow>`
  select id, namespace, kind, name, revision, plan, state, input, labels, trigger, reason, warnings, fire_time, started_at, ended_at
  from run where id = any(${column(ids)}::uuid[])`

/** Which of these runs have ended. */
export const endedAmong = (sql: Sql, ids: string[]): Promise<{ id: string }[]> => sql<{ id: string }>`
  select id from run where id = any(${column(ids)}::uuid[]) and ended_at is not null`

/** Which runs are meant; all but the namespace optional. */
export type RunFilter = {
  namespace: string
  id?: string
  name?: string
  state?: string
  trigger?: string
  since?: Date | null
  labels?: Labels
}

const fitting = ({ namespace, id, name, state, trigger, since, labels = {} }: RunFilter): Part => part`
  namespace = ${namespace} and (${id ?? null}::uuid is null or id = ${id ?? null}::uuid)
    and (${name ?? null}::text is null or name = ${name ?? null})
    and (${state ?? null}::text is null or state::text = ${state ?? null})
    and (${trigger ?? null}::text is null or trigger = ${trigger ?? null} or starts_with(trigger, ${`${trigger ?? ''}/`}))
    and (${since ?? null}::timestamptz is null or started_at >= ${since ?? null})
    and (${JSON.stringify(labels)}::text = '{}' or labels::jsonb @> ${JSON.stringify(labels)}::text::jsonb)`

/** Newest first. */
export const listRuns = (
  sql: Sql,
  { limit, ...filter }: RunFilter & { limit: number },
): Promise<(RunRow & { done: number; open: number })[]> => sql<RunRow & { done: number; open: number }>`
  select r.id, r.namespace, r.kind, r.name, r.revision, r.plan, r.state, r.input, r.labels, r.trigger, r.reason, r.warnings, r.fire_time, r.started_at, r.ended_at,
    (select count(*)::int from outcome o where o.run = r.id and o.final) as done,
    (select count(*)::int from job j where j.run = r.id) as open
  from (select * from run where ${fitting(filter)} order by id desc limit ${limit}) r order by r.id desc`

/** How many runs these are, at most `limit`: no more than these are read. */
export const countRunsUpTo = async (sql: Sql, { limit, ...filter }: RunFilter & { limit: number }): Promise<number> => {
  const [row] = await sql<{ runs: number }>`
  select count(*)::int as runs from (select from run where ${fitting(filter)} order by id desc limit ${limit}) r`
  return row!.runs
}

/** Runs whose id ends like this, as people type them: in hexadecimal, the last digits. */
export const findRuns = (
  sql: Sql,
  { namespace, ending }: { namespace: string; ending: string },
): Promise<{ id: string }[]> => sql<{ id: string }>`
  select id from run where namespace = ${namespace} and id::text like ${`%${ending}`} order by id desc limit 3`

/** The newest run that no schedule has started, for these come and go by themselves; where there is no other, the newest of all. */
export const latestRun = (
  sql: Sql,
  { namespace, state }: { namespace: string; state?: string },
): Promise<{ id: string }[]> => sql<{ id: string }>`
  select id from (select coalesce(
    (select id from run where namespace = ${namespace} and (${state ?? null}::text is null or state::text = ${state ?? null}) and fire_time is null order by id desc limit 1),
    (select id from run where namespace = ${namespace} and (${state ?? null}::text is null or state::text = ${state ?? null}) order by id desc limit 1)
  ) as id) latest where id is not null`
