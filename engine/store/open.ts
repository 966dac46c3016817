import { code, toSay } from '../model/event.ts'
import { tell } from './event.ts'
import type { HeldJob, Scope } from './job.ts'
import { column, lines, part, type Sql } from './sql.ts'

/** A held job that opens a scope: a container that starts, or any job whose onError or finally block starts. */
export type Opening = {
  run: string
  n: number
  attempt: number
  /** Members that will tell. */
  pending: number
  innerBase: number
  /** Where the new rows' numbers begin: `innerBase` for members, the job's own base for a block. */
  base: number
  /** What is decided already, as JSON text. */
  result: string | null
  /** Also where the job is doomed: its finally block. */
  always: boolean
  /** How the attempt ended that led here, for a task. */
  ended?: {
    input: string | null
    error: string | null
    output: string | null
    state: 'succeeded' | 'failed'
    ranMs: number
    code: string | null
    untold: number
  }
  /** A container that begins: that is told. Blocks of a job begin in silence. */
  begins: boolean
}

export type Opened = { opened: boolean[]; taken: HeldJob[]; ready: { queue: number; count: number }[] }

/**
 * Opens scopes of one shape: each job waits from now on, its members are made. Fenced like a settle.
 *
 * @param takes how many of the members that are ready at once the session takes, per scope
 * @param deadlineMs sets the jobs' alarms; one that is set (an earlier round's) stays
 */
export const openScopes = async (
  sql: Sql,
  {
    session,
    serves,
    scope,
    openings,
    takes,
    deadlineMs,
    events = null,
  }: {
    session: number
    serves: number[]
    scope: Scope
    openings: Opening[]
    takes: number
    deadlineMs: number | null
    events?: string | null
  },
): Promise<Opened> => {
  const attempts = openings.some(o => o.ended)
  const [row] = await sql<{
    opened: number[] | null
    taken: HeldJob[] | null
    ready: { queue: number; count: number }[] | null
  }>`
  with opening as materialized (
    select * from unnest(
      ${column(openings.map(o => o.run))}::uuid[], ${column(openings.map(o => o.n))}::int[], ${column(openings.map(o => o.attempt))}::int[],
      ${column(openings.map(o => o.pending))}::int[], ${column(openings.map(o => o.innerBase))}::int[], ${column(openings.map(o => o.base))}::int[],
      string_to_array(${lines(openings.map(o => o.result))}, E'\n', ''), ${column(openings.map(o => o.always))}::boolean[],
      ${attempts ? column(openings.map(o => o.ended?.state ?? null)) : null}::end_state[],
      ${attempts ? column(openings.map(o => (o.ended ? Math.round(o.ended.ranMs * 1000) : null))) : null}::bigint[],
      string_to_array(${attempts ? lines(openings.map(o => o.ended?.code ?? null)) : null}::text, E'\n', ''),
      string_to_array(${attempts ? lines(openings.map(o => o.ended?.input ?? null)) : null}::text, E'\n', ''),
      string_to_array(${attempts ? lines(openings.map(o => o.ended?.output ?? null)) : null}::text, E'\n', ''),
      string_to_array(${attempts ? lines(openings.map(o => o.ended?.error ?? null)) : null}::text, E'\n', ''),
      ${column(openings.map(o => (o.begins ? code['job.started'] : toSay(o.ended?.untold ?? 0))))}::smallint[]
    ) with ordinality as o(run, n, attempt, pending, inner_base, base, result, always, state, ran_us, code, input, output, error, what, i)
  ),
  open_queue as materialized (
    select coalesce(array_agg(id), '{}') as ids from queue
    where id = any(${column(serves)}::int[]) and not paused and concurrency is null and rate_count is null
  ),
  opened as (
    update job set phase = 'waiting', session = null, queue = 0, rank = 0, pending = o.pending, unmet = 0, inner_base = o.inner_base, result = o.result::json
    from opening o
    where job.run = o.run and job.n = o.n and job.attempt = o.attempt and job.session = ${session}
      and (job.doomed is not true or o.always)
      and exists (select from session where id = ${session} and lease_ends_at > clock_now())
    returning job.run, job.n, job.node, job.parent, job.item, job.plan, o.base, job.due_at, job.attempt, job.failures + job.lost + 1 as tries, o.i, o.state, o.ran_us, o.code, o.input, o.output, o.error, o.what
  ),
  made as (
    insert into job (run, due_at, n, plan, node, base, parent, queue, session, attempt, pending, inner_base, rank, phase)
    select opened.run, clock_now(), opened.base + s.node, opened.plan, s.node, opened.base,
      case when s.parent < 0 then opened.n else opened.base + s.parent end, s.queue,
      case when taken then ${session}::int end, taken::int, s.pending, case when s.opened then opened.base end, s.rank, s.phase
    from opened, open_queue, unnest(
      ${scope.node}::int[], ${scope.parent}::int[], ${scope.queue}::int[], ${scope.rank}::smallint[], ${scope.phase}::phase[],
      ${scope.pending}::int[], ${scope.opened}::boolean[], ${scope.nth}::int[]
    ) as s(node, parent, queue, rank, phase, pending, opened, nth),
    lateral (select s.nth is not null and s.nth < ${takes} and s.queue = any(open_queue.ids) as taken) t
    returning run, n, plan, node, base, parent, item, queue, attempt, session, phase, due_at, inner_base
  ),
  alarms as (
    insert into alarm (run, n, at)
    select run, n, clock_now() + ${deadlineMs}::float8 * interval '1 millisecond' from opened where ${deadlineMs}::float8 is not null
    on conflict do nothing
  ),
  outcomes as (
    insert into outcome (run, n, attempt, tries, node, parent, item, state, final, ready_at, started_at, ended_at, session, code, input, output, error)
    select run, n, attempt, tries, node, parent, item, state, false, due_at, clock_now() - ran_us * interval '1 microsecond', clock_now(), ${session}::int,
      code, input::json, output::json, error::json
    from opened where state is not null
  )
  ${tell(
    events,
    session,
    part`
    select what, run, n, node, item, tries, ran_us as us from opened where what > 0
    union all select (case when phase = 'ready' then ${code['job.queued']} else ${code['job.started']} end)::smallint, run, n, node, item, 1, null
      from made where inner_base is not null or (phase = 'ready' and queue <> 0)`,
  )}
  select
    (select array_agg(i::int) from opened) as opened,
    (select json_agg(json_build_object('run', run, 'n', n, 'plan', plan, 'node', node, 'base', base, 'parent', parent, 'item', item,
       'queue', queue, 'attempt', attempt, 'failures', 0, 'lost', 0, 'pending', 0, 'unmet', 0, 'inner_base', null, 'total', null,
       'doomed', null, 'result', null, 'ready', extract(epoch from due_at))) from made where session is not null) as taken,
    (select json_agg(q) from (select queue, count(*)::int as count from made where phase = 'ready' and session is null group by queue) q) as ready`
  const opened = new Array<boolean>(openings.length).fill(false)
  for (const i of row!.opened ?? []) opened[i - 1] = true
  return { opened, taken: row!.taken ?? [], ready: row!.ready ?? [] }
}

/** A held forEach job that starts its items. `first` is the number of item 0, from `reserve`. */
export type LoopOpening = {
  run: string
  n: number
  attempt: number
  total: number
  first: number
  /** How many items are made now; the others follow as these end. */
  window: number
  stopAbove: number | null
  node: number
  stride: number
  queue: number
  rank: number
}

/**
 * Opens a forEach: the job waits for `total` items, the first `window` of them are made. Fenced like a settle.
 *
 * @returns null where the fence held it off, else the items taken by the session and how many are queued
 */
export const openLoop = async (
  sql: Sql,
  {
    session,
    serves,
    loop,
    takes,
    events = null,
  }: { session: number; serves: number[]; loop: LoopOpening; takes: number; events?: string | null },
): Promise<{ taken: HeldJob[]; ready: { queue: number; count: number }[] } | null> => {
  const rows = await sql<HeldJob & { queued: number }>`
  with opened as (
    update job set phase = 'waiting', session = null, pending = ${loop.total}, unmet = 0, inner_base = ${loop.first},
      total = ${loop.total}, created = ${loop.window}, stop_above = ${loop.stopAbove}
    where run = ${loop.run} and n = ${loop.n} and attempt = ${loop.attempt} and session = ${session} and doomed is not true
      and exists (select from session where id = ${session} and lease_ends_at > clock_now())
    returning run, n, plan, node, item as own_item, failures + lost + 1 as tries
  ),
  made as (
    insert into job (run, due_at, n, plan, node, base, parent, item, queue, session, attempt, rank, phase)
    select opened.run, clock_now(), ${loop.first}::int + item * ${loop.stride}::int, opened.plan, ${loop.node}::int,
      ${loop.first}::int + item * ${loop.stride}::int - ${loop.node}::int, opened.n, item, ${loop.queue}::int,
      case when taken then ${session}::int end, taken::int, ${loop.rank}::smallint, 'ready'
    from opened, generate_series(0, ${loop.window}::int - 1) as item,
    lateral (select item < ${takes} and exists (select from queue where id = ${loop.queue} and id = any(${column(serves)}::int[])
      and not paused and concurrency is null and rate_count is null) as taken) t
    returning run, n, plan, node, base, parent, item, queue, attempt, session, due_at
  )
  ${tell(
    events,
    session,
    part`
    select ${code['job.started']}::smallint as what, run, n, node, own_item as item, tries, null::bigint as us from opened
    union all select ${code['job.queued']}::smallint, run, n, node, item, 1, null from made where queue <> 0`,
  )}
  select run, n, plan, node, base, parent, item, queue, attempt, 0 as failures, 0 as lost, 0 as pending, 0 as unmet,
    null::int as inner_base, null::int as total, null::boolean as doomed, null::json as result, extract(epoch from due_at)::float8 as ready,
    0 as queued
  from made where session is not null
  union all
  select null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
    (select count(*)::int from made where session is null)
  from opened`
  const last = rows.pop()
  if (!last) return null
  return { taken: rows, ready: last.queued ? [{ queue: loop.queue, count: last.queued }] : [] }
}

/**
 * Reserves `count` numbers for a scope that is not at its static place (items of a forEach, a container's next round), and
 * stores a forEach's items beside it. Doing it again wastes numbers, nothing else.
 *
 * @returns the first number
 */
export const reserve = async (
  sql: Sql,
  {
    run,
    n,
    count,
    chunks = [],
    keys = null,
  }: { run: string; n: number; count: number; chunks?: string[]; keys?: string[] | null },
): Promise<number> => {
  const [row] = await sql<{ first: number }>`
  with chunks as (
    insert into chunk (run, n, chunk, items, keys)
    select ${run}, ${n}, i - 1, items::json, keys::json
    from unnest(string_to_array(${lines(chunks)}, E'\n', ''), string_to_array(${keys ? lines(keys) : null}::text, E'\n', ''))
      with ordinality as c(items, keys, i)
    where items is not null
    on conflict (run, n, chunk) do nothing
  )
  update run set next_n = next_n + ${count} where id = ${run} returning next_n - ${count} as first`
  return row!.first
}
