import type pg from 'pg'
import { tellWorkers } from './event.ts'
import { column, none, tagged, type Sql } from './sql.ts'

export type NewSession = {
  namespace: string
  worker: string
  host: string
  pid: number
  queues: string[]
  handlers: string[]
  concurrency: number
  leaseMs: number
  introduction: Introduction
}

/** What those who are told of a worker know of it. */
export type Introduction = {
  /** How often it will be heard of. */
  heartbeatMs: number
  software: string
  version: string
  system: string
}

/**
 * Opens a worker's session on its own connection, which also holds the session's advisory lock: when the process dies, the
 * lock is free within milliseconds, long before the lease ends.
 */
export const openSession = async (connection: pg.ClientBase, session: NewSession): Promise<number> => {
  const sql = tagged(connection)
  const [row] = await sql<{ id: number }>`
  with changed as (
  insert into session (namespace, worker, host, pid, queues, handlers, concurrency, lease_ends_at)
  values (${session.namespace}, ${session.worker}, ${session.host}, ${session.pid}, ${JSON.stringify(session.queues)}::json,
    ${JSON.stringify(session.handlers)}::json, ${session.concurrency}, clock_now() + ${session.leaseMs}::float8 * interval '1 millisecond')
  returning id, namespace
  )
  ${tellWorkers('worker.online', { concurrency: session.concurrency, queues: session.queues, ...session.introduction })}
  select id from changed`
  await holdSession(connection, row!.id)
  return row!.id
}

/** Takes the session's advisory lock on this connection; false where another connection still holds it. */
export const holdSession = async (connection: pg.ClientBase, session: number): Promise<boolean> => {
  const [row] = await tagged(connection)<{ held: boolean }>`select pg_try_advisory_lock(29809, ${session}) as held`
  return row!.held
}

/**
 * Prolongs the lease, and tells how the worker does. False: the session was declared lost, its jobs are or will be others'.
 *
 * @param heartbeat what is told; null: nothing
 */
export const renewSession = async (
  sql: Sql,
  { session, leaseMs, heartbeat }: { session: number; leaseMs: number; heartbeat: object | null },
): Promise<boolean> => {
  const rows = await sql`
  with changed as (
  update session set lease_ends_at = clock_now() + ${leaseMs}::float8 * interval '1 millisecond'
  where id = ${session} and ended_at is null and lease_ends_at > clock_now() returning id, namespace
  )
  ${heartbeat === null ? none : tellWorkers('worker.heartbeat', heartbeat)}
  select id from changed`
  return rows.length > 0
}

/** What lists show of a session: changed by a command. */
export const restateSession = (
  sql: Sql,
  {
    session,
    queues,
    concurrency,
    handlers,
  }: { session: number; queues: string[]; concurrency: number; handlers: string[] },
) => sql`
  update session set queues = ${JSON.stringify(queues)}::json, concurrency = ${concurrency}, handlers = ${JSON.stringify(handlers)}::json
  where id = ${session}`

export const drainSession = (sql: Sql, session: number) => sql`update session set draining = true where id = ${session}`

/** Ends a session that holds no job any more. */
export const endSession = (sql: Sql, session: number) =>
  sql`
  with changed as (
    update session set ended_at = clock_now(), lease_ends_at = least(lease_ends_at, clock_now())
    where id = ${session} and ended_at is null returning id, namespace
  )
  ${tellWorkers('worker.offline', { reason: 'stopped' })}
  select id from changed`

export type OpenSession = { id: number; expired: boolean; held: boolean }

/** Sessions that are not ended: whether their lease has ended, and whether somebody holds their lock. */
export const watchSessions = (sql: Sql): Promise<OpenSession[]> => sql<OpenSession>`
  select session.id, lease_ends_at <= clock_now() as expired,
    exists (select from pg_locks where locktype = 'advisory' and classid = 29809 and objid = session.id::oid and objsubid = 2 and granted
      and database = (select oid from pg_database where datname = current_database())) as held
  from session where ended_at is null`

/** Declares sessions lost: from this commit on their settles change no row. */
export const declareLost = (sql: Sql, sessions: number[]) => sql`
  with changed as (
  update session set ended_at = clock_now(), lease_ends_at = least(lease_ends_at, clock_now())
  where id = any(${column(sessions)}::int[]) and ended_at is null
  returning id, namespace
  )
  ${tellWorkers('worker.offline', { reason: 'lost' })}
  select id from changed`

export type SessionRow = {
  id: number
  worker: string
  host: string
  pid: number
  queues: string[]
  handlers: string[]
  concurrency: number
  started_at: Date
  lease_ends_at: Date
  draining: boolean
  running: number
}

export const listSessions = (sql: Sql, { namespace }: { namespace: string }): Promise<SessionRow[]> => sql<SessionRow>`
  select id, worker, host, pid, queues, handlers, concurrency, started_at, lease_ends_at, draining,
    (select count(*)::int from job where job.session = session.id) as running
  from session where ended_at is null and lease_ends_at > clock_now() and namespace = ${namespace} order by id`

/** Who these sessions are or were. */
export const readSessions = (
  sql: Sql,
  ids: number[],
): Promise<Pick<SessionRow, 'id' | 'worker' | 'host' | 'pid'>[]> => sql<
  Pick<SessionRow, 'id' | 'worker' | 'host' | 'pid'>
>`
  select id, worker, host, pid from session where id = any(${column(ids)}::int[])`

/** Becomes the one that sends a namespace's events, for as long as this connection lives; false where another is it. */
export const holdRelay = async (connection: pg.ClientBase, namespace: string): Promise<boolean> => {
  const [row] = await tagged(connection)<{
    held: boolean
  }>`select pg_try_advisory_lock(29812, hashtext(${namespace})) as held`
  return row!.held
}
