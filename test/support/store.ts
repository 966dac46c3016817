import type { Database, Sql } from '../../engine/store/sql.ts'
import { migrate } from '../../engine/store/migrate.ts'
import { openDatabase } from '../../engine/store/sql.ts'
import { newId } from '../../engine/model/id.ts'
import type { Ending } from '../../engine/store/settle.ts'
import { clockOf } from './engine.ts'
import { testDatabase } from './postgres.ts'

/** A fresh database with the schema, and a queue "default" of id 1. */
export const testStore = async (
  t: { teardown(end: () => unknown): void },
  { max = 10 }: { max?: number } = {},
): Promise<{ database: Database; sql: Sql; clock: { advanceMs(ms: number): Promise<void> } }> => {
  const { url } = await testDatabase()
  const database = openDatabase(url, { max })
  t.teardown(() => database.close())
  await migrate(database)
  const { sql } = database
  await sql`insert into queue (namespace, name) values ('default', 'default')`
  return { database, sql, clock: clockOf(sql) }
}

/** A run without jobs; its id. */
export const insertRun = async (sql: Sql): Promise<string> => {
  const id = newId()
  await sql`insert into run (id, namespace, kind, name, revision, plan, input, trigger, next_n) values (${id}, 'default', 'workflow', 'test', 1, 1, '{}', 'test', 1000)`
  return id
}

export type JobFields = {
  run?: string
  n?: number
  node?: number
  parent?: number | null
  item?: number | null
  phase?: 'blocked' | 'ready' | 'scheduled' | 'waiting'
  pending?: number
  unmet?: number
  session?: number | null
  attempt?: number
  lost?: number
  queue?: number
  rank?: number
}

/** A valid row of a queued job; the fields a test is about differ. */
export const insertJob = async (
  sql: Sql,
  fields: JobFields = {},
): Promise<{ run: string; n: number; attempt: number }> => {
  const {
    n = 0,
    node = n,
    parent = null,
    item = null,
    phase = 'ready',
    pending = 0,
    unmet = 0,
    session = null,
    attempt = 0,
    lost = 0,
    queue = 1,
    rank = 4,
  } = fields
  const run = fields.run ?? (await insertRun(sql))
  await sql`
  insert into job (run, due_at, n, plan, node, base, parent, item, queue, session, attempt, pending, unmet, lost, rank, phase)
  values (${run}, clock_now(), ${n}, 1, ${node}, ${n - node}, ${parent}, ${item}, ${queue}, ${session}, ${attempt}, ${pending}, ${unmet}, ${lost}, ${rank}, ${phase}::phase)`
  return { run, n, attempt }
}

/** A session whose lease holds for so long; without a lock. */
export const insertSession = async (sql: Sql, { leaseMs = 60_000 }: { leaseMs?: number } = {}): Promise<number> => {
  const [row] = await sql<{ id: number }>`
  insert into session (namespace, worker, host, pid, queues, handlers, concurrency, lease_ends_at)
  values ('default', 'test', 'test', 1, '[]', '[]', 1, clock_now() + ${leaseMs}::float8 * interval '1 millisecond') returning id`
  return row!.id
}

/** How a job ends that succeeded and concerns nobody. */
export const ending = (job: { run: string; n: number; attempt: number }, more: Partial<Ending> = {}): Ending => ({
  state: 'succeeded',
  tells: false,
  fails: false,
  warnings: 0,
  met: [],
  meets: [],
  misses: [],
  omits: [],
  take: false,
  lost: false,
  input: null,
  output: 'null',
  error: null,
  ranMs: 0,
  code: null,
  untold: 0,
  ...more,
  run: job.run,
  n: job.n,
  attempt: job.attempt,
})

/** All jobs of a run. */
export const jobsOf = (sql: Sql, run: string) =>
  sql<{
    n: number
    phase: string
    pending: number
    unmet: number
    attempt: number
    lost: number
    failures: number
    session: number | null
  }>`
  select n, phase, pending, unmet, attempt, lost, failures, session from job where run = ${run} order by n`
