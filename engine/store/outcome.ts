import type { Json, JsonObject } from '../model/json.ts'
import type { EndState } from '../model/state.ts'
import { column, type Sql } from './sql.ts'

/** What expressions see of a job that has ended. */
export type Result = {
  run: string
  n: number
  state: EndState
  tries: number
  output: Json
  error: Json
  started_at: Date | null
  ended_at: Date
}

/** The final outcomes of jobs, as far as they have ended. */
export const readResults = (sql: Sql, jobs: { run: string; n: number }[]): Promise<Result[]> => sql<Result>`
  select o.run, o.n, o.state, o.tries, o.output, o.error, o.started_at, o.ended_at
  from unnest(${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[]) as j(run, n)
  join outcome o on o.run = j.run and o.n = j.n and o.final`

/**
 * The outputs of a scope's members, as the text of a JSON list in the order of their numbers, null where one has none.
 * Members that have no row yet or were never made are null as well: `count` numbers from `first`, `stride` apart.
 */
export const readList = async (
  sql: Sql,
  { run, first, stride, count }: { run: string; first: number; stride: number; count: number },
): Promise<string> => {
  const rows = await sql<{ n: number; output: string }>`
  select n, output::text as output from outcome
  where run = ${run} and n >= ${first} and n < ${first}::int + ${stride}::int * ${count}::int and (n - ${first}::int) % ${stride}::int = 0
    and final and state = 'succeeded'`
  const list = new Array<string>(count).fill('null')
  for (const row of rows) list[(row.n - first) / stride] = row.output ?? 'null'
  return `[${list.join(',')}]`
}

export type Failure = {
  n: number
  node: number
  item: number | null
  state: EndState
  tries: number
  error: Json
  ended_at: Date
}

/** Members of a job's scope that failed or were cancelled, first to end first. */
export const readFailures = (
  sql: Sql,
  { run, parent, base, limit }: { run: string; parent: number; base: number | null; limit: number },
): Promise<Failure[]> => sql<Failure>`
  select n, node, item, state, tries, error, ended_at from outcome
  where run = ${run} and parent = ${parent} and final and state in ('failed', 'cancelled')
    and (${base}::int is null or n - node = ${base}::int)
  order by ended_at, n limit ${limit}`

export type Lineage = {
  run: string
  n: number
  base: number
  node: number
  parent: number | null
  item: number | null
  inner_base: number | null
  result: Json
}

/** Open jobs by number: where a job's enclosing scopes begin. */
export const readLineage = (sql: Sql, jobs: { run: string; n: number }[]): Promise<Lineage[]> => sql<Lineage>`
  select job.run, job.n, job.base, job.node, job.parent, job.item, job.inner_base, job.result
  from unnest(${column(jobs.map(j => j.run))}::uuid[], ${column(jobs.map(j => j.n))}::int[]) as j(run, n)
  join job on job.run = j.run and job.n = j.n`

export const readChunk = async (
  sql: Sql,
  { run, n, chunk }: { run: string; n: number; chunk: number },
): Promise<{ items: Json[]; keys: string[] | null }> => {
  const [row] = await sql<{
    items: Json[]
    keys: string[] | null
  }>`select items, keys from chunk where run = ${run} and n = ${n} and chunk = ${chunk}`
  return row ?? { items: [], keys: null }
}

/** How these attempts ended, `tries` being the number of each; inputs and outputs up to so many bytes. */
export const endedAttempts = (
  sql: Sql,
  attempts: { run: string; n: number; tries: number }[],
  maxOutput: number,
): Promise<
  {
    run: string
    n: number
    tries: number
    error: JsonObject | null
    input: Json
    output: Json
    output_bytes: number | null
  }[]
> => sql`
  select o.run, o.n, o.tries, o.error, case when length(o.input::text) <= ${maxOutput} then o.input end as input,
    case when length(o.output::text) <= ${maxOutput} then o.output end as output, length(o.output::text) as output_bytes
  from unnest(${column(attempts.map(a => a.run))}::uuid[], ${column(attempts.map(a => a.n))}::int[], ${column(attempts.map(a => a.tries))}::int[]) as a(run, n, tries)
  join outcome o on o.run = a.run and o.n = a.n and o.tries = a.tries`
