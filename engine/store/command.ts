import type { Json } from '../model/json.ts'
import type { Sql } from './sql.ts'

/** What is asked of workers. `workers`: their names; null: all of the namespace. */
export type NewCommand = {
  namespace: string
  workers: string[] | null
  type: string
  body: Json
  /** An answer later than so many ms is of no use to anybody. Null: a worker that was away obeys when it is back. */
  expiresMs: number | null
}

/**
 * Issues a command; its id. One after the other, so that they become visible in the order of their ids, and a worker that
 * keeps the newest id it knows misses none.
 */
export const issueCommand = async (sql: Sql, command: NewCommand): Promise<number> => {
  const [row] = await sql<{ id: number }>`
  with turn as materialized (select pg_advisory_xact_lock(29811, 0))
  insert into command (namespace, workers, type, body, expires_at)
  select ${command.namespace}, ${command.workers === null ? null : JSON.stringify(command.workers)}::json, ${command.type},
    ${JSON.stringify(command.body)}::json, clock_now() + ${command.expiresMs}::float8 * interval '1 millisecond'
  from turn
  returning id`
  return row!.id
}

/** The newest command there is: where a worker begins that has just started. */
export const newestCommand = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ id: number }>`select coalesce(max(id), 0) as id from command`
  return row!.id
}

export type IssuedCommand = { id: number; type: string; body: Json; expired: boolean }

/** What was asked of a worker since the command `after`, in its order. */
export const commandsFor = (
  sql: Sql,
  { namespace, worker, after }: { namespace: string; worker: string; after: number },
): Promise<IssuedCommand[]> => sql<IssuedCommand>`
  select id, type, body, coalesce(expires_at < clock_now(), false) as expired from command
  where id > ${after} and namespace = ${namespace}
    and (workers is null or ${worker} in (select json_array_elements_text(workers)))
  order by id limit 100`

/** A session's answer; it counts once. */
export const storeReply = (
  sql: Sql,
  { command, session, body }: { command: number; session: number; body: Json },
) => sql`
  insert into reply (command, session, body) select id, ${session}, ${JSON.stringify(body)}::json from command where id = ${command}
  on conflict do nothing`

export type Reply = { session: number; worker: string; host: string; pid: number; body: Json }

export const readReplies = (sql: Sql, command: number): Promise<Reply[]> => sql<Reply>`
  select reply.session, session.worker, session.host, session.pid, reply.body
  from reply join session on session.id = reply.session where reply.command = ${command} order by session.worker, session.id`

/** Deletes commands, and what was answered, that are older than so many ms. */
export const forgetCommands = (sql: Sql, { olderThanMs }: { olderThanMs: number }) =>
  sql`delete from command where issued_at < clock_now() - ${olderThanMs}::float8 * interval '1 millisecond'`

/** Sessions of which an answer can be expected. `workers`: only those of these names. */
export const liveSessions = (
  sql: Sql,
  { namespace, workers }: { namespace: string; workers: string[] | null },
): Promise<Omit<Reply, 'body'>[]> => sql<Omit<Reply, 'body'>>`
  select id as session, worker, host, pid from session
  where ended_at is null and lease_ends_at > clock_now() and namespace = ${namespace}
    and (${workers === null}::boolean or worker in (select json_array_elements_text(${JSON.stringify(workers ?? [])}::json)))
  order by worker, id`
