import { column, lines as lineColumn, type Sql } from './sql.ts'

export type LogRow = { run: string; n: number; attempt: number; level: string; message: string; fields: string | null }

export const storeLogs = (sql: Sql, rows: LogRow[]) => sql`
  insert into log (run, n, attempt, level, message, fields)
  select run, n, attempt, level, message #>> '{}', fields::json
  from unnest(
    ${column(rows.map(r => r.run))}::uuid[], ${column(rows.map(r => r.n))}::int[], ${column(rows.map(r => r.attempt))}::int[],
    ${column(rows.map(r => r.level))}::text[],
    string_to_array(${lineColumn(rows.map(r => JSON.stringify(r.message.replaceAll('\u0000', '\ufffd'))))}, E'\n', '')::json[],
    string_to_array(${lineColumn(rows.map(r => r.fields))}, E'\n', '')
  ) as l(run, n, attempt, level, message, fields)`

export type StoredLog = {
  id: number
  n: number
  node: number
  item: number | null
  attempt: number
  at: Date
  level: string
  message: string
  fields: unknown
}

/** Log lines of a run after `after`, oldest first; `ns` limits them to some jobs. */
export const readLogs = (
  sql: Sql,
  { run, after, limit, ns }: { run: string; after: number; limit: number; ns: number[] | null },
): Promise<StoredLog[]> =>
  sql<StoredLog>`
  select l.id, l.n, l.attempt, l.at, l.level, l.message, l.fields,
    coalesce((select node from job where job.run = l.run and job.n = l.n), (select node from outcome o where o.run = l.run and o.n = l.n limit 1)) as node,
    coalesce((select item from job where job.run = l.run and job.n = l.n), (select item from outcome o where o.run = l.run and o.n = l.n limit 1)) as item
  from log l
  where l.run = ${run} and l.id > ${after} and (${ns === null} or l.n = any(${column(ns ?? [])}::int[]))
  order by l.id limit ${limit}`
