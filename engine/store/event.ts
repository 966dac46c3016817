import { code } from '../model/event.ts'
import type { Json } from '../model/json.ts'
import { column, none, part, type Part, type Sql } from './sql.ts'

/**
 * The piece of a statement that writes what it did into the outbox: one row, in the same commit. `facts` is a select of
 * `what, run, n, node, item, tries, us`, in the order in which they are to be told.
 *
 * @param namespace null: events are off, and there is no such piece
 */
export const tell = (namespace: string | null, session: number | null, facts: Part): Part =>
  namespace === null
    ? none
    : part`,
  told_events as (
    insert into event_batch (namespace, session, what, run, n, node, item, tries, us)
    select ${namespace}, ${session}::int, array_agg(what), array_agg(run), array_agg(n), array_agg(node), array_agg(item), array_agg(tries), array_agg(us)
    from (${facts}) fact having count(*) > 0
  )`

/** Longer inputs and outputs are left out of events; bytes of JSON. */
export const maxToldValue = 1024

export type Fact = {
  what: number
  run: string
  n: number
  node: number
  item: number | null
  tries: number
  /** JSON, where it is known and not too long. */
  input?: string
}

/** Tells facts by themselves, about jobs that the session holds. */
export const tellFacts = (
  sql: Sql,
  { namespace, session, facts }: { namespace: string; session: number | null; facts: Fact[] },
) => sql`
  insert into event_batch (namespace, session, what, run, n, node, item, tries, us, detail)
  values (${namespace}, ${session}, ${column(facts.map(f => f.what))}::smallint[], ${column(facts.map(f => f.run))}::uuid[],
    ${column(facts.map(f => f.n))}::int[], ${column(facts.map(f => f.node))}::int[], ${column(facts.map(f => f.item))}::int[],
    ${column(facts.map(f => f.tries))}::int[], array_fill(null::bigint, array[${facts.length}::int]),
    ${`[${facts.map(f => f.input ?? 'null').join(',')}]`}::json)`

type WorkerEvent = 'worker.online' | 'worker.heartbeat' | 'worker.offline'

/** The piece that tells something about the sessions that a statement has `changed`: their ids and namespaces. */
export const tellWorkers = (what: WorkerEvent, detail: object): Part => part`, told_events as (
    insert into event_batch (namespace, session, what, detail)
    select changed.namespace, changed.id, array[${code[what]}]::smallint[], ${JSON.stringify(detail)}::json from changed
    where coalesce((select events from namespace where name = changed.namespace), true)
  )`

/** Whether a namespace's events are told. */
export const eventsOn = async (sql: Sql, namespace: string): Promise<boolean> => {
  const [row] = await sql<{ events: boolean }>`select events from namespace where name = ${namespace}`
  return row?.events ?? true
}

export const setEvents = (sql: Sql, { namespace, events }: { namespace: string; events: boolean }) => sql`
  insert into namespace (name, events) values (${namespace}, ${events}) on conflict (name) do update set events = excluded.events`

export type Batch = {
  id: number
  at: Date
  namespace: string
  session: number | null
  what: number[]
  run: string[] | null
  n: number[] | null
  node: number[] | null
  item: (number | null)[] | null
  tries: number[] | null
  us: (number | null)[] | null
  /** Of a worker: what it says. Of jobs told of by themselves: their inputs. */
  detail: Json
}

/** Batches after a position, oldest first. Numbers are given out before their commit: a later one may be seen first. */
export const readBatches = (
  sql: Sql,
  { after, limit }: { after: number; limit: number },
): Promise<Batch[]> => sql<Batch>`
  select id, at, namespace, session, what, run::text[] as run, n, node, item, tries, us::text[]::float8[] as us, detail
  from event_batch where id > ${after} order by id limit ${limit}`

/** The oldest transaction that is under way, and the first that has not begun. */
export const transactions = async (sql: Sql): Promise<{ open: number; next: number }> => {
  const [row] = await sql<{ open: number; next: number }>`
  select pg_snapshot_xmin(s)::text::bigint as open, pg_snapshot_xmax(s)::text::bigint as next from pg_current_snapshot() s`
  return row!
}

/** The position before what was told since a time; without one, before the oldest that is kept. */
export const positionAt = async (sql: Sql, since: Date | null): Promise<number> => {
  const [row] = await sql<{ id: number | null }>`
  select case when ${since}::timestamptz is null then (select min(id) from event_batch)
    else (select id from event_batch where at >= ${since} order by at, id limit 1) end as id`
  if (row!.id !== null) return row!.id - 1
  const [last] = await sql<{ id: number | null }>`select max(id) as id from event_batch`
  return last!.id ?? 0
}

/** Removes batches older than `keepMs`, a bounded number at a time. Returns how many. */
export const dropBatches = async (sql: Sql, { keepMs, limit }: { keepMs: number; limit: number }): Promise<number> => {
  const rows = await sql`
  delete from event_batch where id = any(array(
    select id from event_batch where at < clock_now() - ${keepMs}::float8 * interval '1 millisecond' order by at limit ${limit})) returning 1`
  return rows.length
}

/** How far a namespace's events have been sent; where none were, from the oldest that is kept. */
export const readRelay = async (sql: Sql, namespace: string): Promise<number> => {
  const [row] = await sql<{ position: number }>`select position from relay where namespace = ${namespace}`
  return row ? row.position : positionAt(sql, null)
}

export const moveRelay = (sql: Sql, { namespace, position }: { namespace: string; position: number }) => sql`
  insert into relay (namespace, position) values (${namespace}, ${position}) on conflict (namespace) do update set position = excluded.position`
