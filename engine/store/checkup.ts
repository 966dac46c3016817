import type { Sql } from './sql.ts'

export type ServerFacts = {
  /** As a number: 180004. */
  version: number
  name: string
  /** By the clock that decides, ms since 1970. */
  nowMs: number
  connections: number
  maxConnections: number
  user: string
}

export const serverFacts = async (sql: Sql): Promise<ServerFacts> => {
  const [row] = await sql<ServerFacts>`
  select current_setting('server_version_num')::int as version, split_part(current_setting('server_version'), ' ', 1) as name,
    extract(epoch from clock_now())::float8 * 1000 as "nowMs",
    (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
    current_setting('max_connections')::int as "maxConnections", current_user::text as "user"`
  return row!
}

/** What of the schema's tables this user may not do: `insert on job`. */
export const missingGrants = async (sql: Sql, schema: string): Promise<string[]> => {
  const rows = await sql<{ right: string; name: string }>`
  select right_ as right, c.relname as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace, unnest(array['select', 'insert', 'update', 'delete']) as right_
  where n.nspname = ${schema} and c.relkind in ('r', 'p') and not (right_ <> 'select' and c.relname = 'migration')
    and not has_table_privilege(c.oid, right_)
  order by c.relname, right_`
  return rows.map(({ right, name }) => `${right} on ${name}`)
}

/** The handlers that what is applied needs, and a manifest that needs each. */
export const neededHandlers = (
  sql: Sql,
  { namespace }: { namespace: string },
): Promise<{ handler: string; kind: string; name: string }[]> => sql<{ handler: string; kind: string; name: string }>`
  select node -> 'task' ->> 'handler' as handler, min(m.kind) as kind, min(m.name) as name
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  join plan p on p.id = r.plan, json_array_elements(p.document -> 'nodes') as node
  where m.namespace = ${namespace} and m.kind in ('workflow', 'task') and node -> 'task' is not null
  group by 1 order by 1`

/** The secrets that applied workflows name, each with one that does. */
export const neededSecrets = (
  sql: Sql,
  { namespace }: { namespace: string },
): Promise<{ secret: string; name: string }[]> => sql<{ secret: string; name: string }>`
  select secret #>> '{}' as secret, min(m.name) as name
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  join plan p on p.id = r.plan, jsonb_path_query(p.document::jsonb -> 'nodes', 'lax $[*].with.**.root ? (@.name == "secret").secret') as secret
  where m.namespace = ${namespace} and m.kind = 'workflow'
  group by 1 order by 1`

/** Runs that have failed within the last so many minutes, and within as many before that. */
export const failedRuns = async (
  sql: Sql,
  { namespace, minutes }: { namespace: string; minutes: number },
): Promise<{ now: number; before: number }> => {
  const [row] = await sql<{ now: number; before: number }>`
  select count(*) filter (where ended_at >= clock_now() - ${minutes}::float8 * interval '1 minute')::int as now,
    count(*) filter (where ended_at < clock_now() - ${minutes}::float8 * interval '1 minute')::int as before
  from run where namespace = ${namespace} and state = 'failed' and ended_at >= clock_now() - 2 * ${minutes}::float8 * interval '1 minute'`
  return row!
}
