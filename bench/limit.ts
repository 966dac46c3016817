import { openPool } from '../engine/executor/index.ts'
import { column, lines, openConnection, openDatabase, type Sql } from '../engine/store/sql.ts'

/**
 * The physical limit: rows of the same tables inserted, claimed, sent to a child process, answered, deleted and their outcomes
 * written, in the same batches and over as many connections, but without a graph: nothing to decide, nobody to tell.
 *
 * @returns milliseconds from the first insert to the last commit
 */
export const bareLoop = async (
  url: string,
  { jobs, batch, children = 1 }: { jobs: number; batch: number; children?: number },
): Promise<number> => {
  const database = openDatabase(url, { schema: 'tq_bench', max: 4 })
  const { sql } = database
  const run = bareRun
  await sql`delete from job where run = ${run}`
  await sql`delete from outcome where run = ${run}`
  const done = Promise.withResolvers<void>()
  const gathered: { n: number; output: string }[] = []
  let settled = 0
  let settling = 0
  let held = 0
  const claimed = new Map<number, number>()
  const pool = await openPool({
    children,
    slots: 1,
    handlersDir: new URL('./handlers', import.meta.url).pathname,
    graceMs: 2000,
    onReleased: keys => setImmediate(() => pool.run(keys.map(workOf))),
    onResults(results) {
      for (const result of results) gathered.push({ n: result.key, output: result.ok ? result.output : '' })
      flush()
    },
  })
  const flush = () => {
    while (settling < 2 && gathered.length > 0) {
      const rows = gathered.splice(0, batch)
      settling++
      void settleBare(sql, run, rows).then(() => {
        settling--
        settled += rows.length
        held -= rows.length
        if (settled === jobs) done.resolve()
        flush()
        void pull()
      }, done.reject)
    }
  }
  let pulling = false
  const pull = async () => {
    if (pulling || claimed.size >= jobs) return
    pulling = true
    while (held < 2 * batch && claimed.size < jobs) {
      const ns = await claimBare(sql, run, batch)
      if (ns.length === 0) break
      held += ns.length
      for (const n of ns) claimed.set(n, 1)
      pool.run(ns.map(workOf))
    }
    pulling = false
  }
  const began = performance.now()
  for (let from = 0; from < jobs; from += batch * 4)
    await insertBare(sql, run, from, Math.min(jobs, from + batch * 4) - 1)
  await pull()
  await done.promise
  const ms = performance.now() - began
  await pool.close({ drainMs: 0 })
  await database.close()
  return ms
}

const workOf = (key: number) => ({
  key,
  handler: 'noop',
  input: '{"i":1}',
  attempt: 1,
  idempotencyKey: '',
  run: '',
  job: '',
  task: 'noop',
  alone: false,
})

const insertBare = (sql: Sql, run: string, from: number, to: number) => sql`
  insert into job (run, due_at, n, plan, node, base, item, queue, rank, phase)
  select ${run}, clock_now(), n, 1, 1, 0, n, ${bareQueue}, 4, 'ready' from generate_series(${from}::int, ${to}::int) as n`

const claimBare = async (sql: Sql, run: string, limit: number): Promise<number[]> =>
  (
    await sql<{ n: number }>`
  update job set session = 1, attempt = attempt + 1
  where ctid = any(array(select ctid from job where queue = ${bareQueue} and phase = 'ready' and session is null order by rank, due_at limit ${limit}))
    and session is null and run = ${run}
  returning n`
  ).map(row => row.n)

const settleBare = (sql: Sql, run: string, rows: { n: number; output: string }[]) => sql`
  with ended as materialized (
    select * from unnest(${column(rows.map(r => r.n))}::int[], string_to_array(${lines(rows.map(r => r.output))}, E'\n', '')) as e(n, output)
  ),
  done as (
    delete from job using ended where job.run = ${run} and job.n = ended.n and job.attempt = 1 and job.session = 1
    returning job.run, job.n, job.node, job.item, job.attempt, job.due_at, ended.output
  )
  insert into outcome (run, n, attempt, tries, node, item, state, final, ready_at, started_at, ended_at, session, code, input, output)
  select run, n, attempt, 1, node, item, 'succeeded', true, due_at, clock_now(), clock_now(), 1, 'abcdefabcdef', '{"i":1}', output::json from done`

/** One job after the other through the same loop, at batch 1: insert and claim in one statement with the settling of the one before. @returns ms */
export const bareSteps = async (url: string, steps: number): Promise<number> => {
  const { sql, close } = await quiet(url)
  const arrived: { resolve(output: string): void }[] = []
  const pool = await barePool(output => arrived.shift()?.resolve(output))
  const trip = (n: number) =>
    new Promise<string>(resolve => {
      arrived.push({ resolve })
      pool.run([workOf(n)])
    })
  await trip(-1)
  const began = performance.now()
  await insertBare(sql, bareRun, 0, steps - 1)
  await sql`update job set session = 1, attempt = 1 where run = ${bareRun} and n = 0`
  for (let n = 0; n < steps; n++) {
    const output = await trip(n)
    await stepBare(sql, bareRun, n, output)
  }
  const ms = performance.now() - began
  await pool.close({ drainMs: 0 })
  await close()
  return ms
}

/** Insert, NOTIFY, claim and a trip to a child, one at a time on an idle machine. @returns ms of each, to the handler's first line */
export const bareTrips = async (url: string, trips: number): Promise<number[]> => {
  const { sql, close } = await quiet(url)
  const listener = await openConnection(url, { schema: 'tq_bench' })
  await listener.query('listen bare')
  const arrived: { resolve(output: string): void }[] = []
  const pool = await barePool(output => arrived.shift()?.resolve(output))
  listener.on('notification', async () => {
    const ns = await claimBare(sql, bareRun, 1)
    pool.run(ns.map(n => ({ ...workOf(n), handler: 'stamp' })))
  })
  const times: number[] = []
  for (let n = 0; n < trips; n++) {
    const sent = (performance.timeOrigin + performance.now()) * 1000
    const output = await new Promise<string>(resolve => {
      arrived.push({ resolve })
      void sql`
      with made as (
        insert into job (run, due_at, n, plan, node, base, queue, rank, phase) values (${bareRun}, clock_now(), ${n}, 1, 1, 0, ${bareQueue}, 4, 'ready') returning n
      )
      select pg_notify('bare', '') from made`
    })
    await settleBare(sql, bareRun, [{ n, output }])
    if (n > 0) times.push((Number(output) - sent) / 1000)
  }
  await listener.end()
  await pool.close({ drainMs: 0 })
  await close()
  return times
}

const bareRun = '01900000-0000-7000-8000-000000000000'
/** A queue that no engine serves. */
const bareQueue = 99_999

const quiet = async (url: string): Promise<{ sql: Sql; close(): Promise<void> }> => {
  const { sql, close } = openDatabase(url, { schema: 'tq_bench', max: 2 })
  await sql`delete from job where run = ${bareRun}`
  await sql`delete from outcome where run = ${bareRun}`
  return { sql, close }
}

const barePool = (onOutput: (output: string) => void) =>
  openPool({
    children: 1,
    slots: 1,
    handlersDir: new URL('./handlers', import.meta.url).pathname,
    graceMs: 2000,
    onReleased: () => {},
    onResults(results) {
      for (const result of results) onOutput(result.ok ? result.output : '0')
    },
  })

const stepBare = (sql: Sql, run: string, n: number, output: string) => sql`
  with done as (
    delete from job where run = ${run} and n = ${n} and attempt = 1 and session = 1 returning run, n, node, item, attempt, due_at
  ),
  next as (
    update job set session = 1, attempt = attempt + 1 where run = ${run} and n = ${n}::int + 1 and exists (select from done)
  )
  insert into outcome (run, n, attempt, tries, node, item, state, final, ready_at, started_at, ended_at, session, code, input, output)
  select run, n, attempt, 1, node, item, 'succeeded', true, due_at, clock_now(), clock_now(), 1, 'abcdefabcdef', '{"i":1}', ${output}::json from done`
