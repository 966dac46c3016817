import test from 'ava'
import { claimJobs, claimQueue } from '../../engine/store/claim.ts'
import { retry } from '../../engine/store/retry.ts'
import { openDatabase } from '../../engine/store/sql.ts'
import { settle } from '../../engine/store/settle.ts'
import { ending, insertJob, insertRun, insertSession, jobsOf, testStore } from '../support/store.ts'

const claimOne = async (sql: Parameters<typeof claimQueue>[0], session: number) =>
  (await claimQueue(sql, { session, queue: 1, limit: 1 })).jobs[0]!
const again = (job: { run: string; n: number; attempt: number }) => ({
  run: job.run,
  n: job.n,
  attempt: job.attempt,
  delayMs: null,
  lost: false,
  input: null,
  error: '{"name":"E","message":""}',
  ranMs: 0,
  code: null,
  untold: 0,
})

test('an attempt that is over settles nothing, though the same session holds the next one', async t => {
  const { sql } = await testStore(t)
  const { run } = await insertJob(sql)
  const session = await insertSession(sql)
  const first = await claimOne(sql, session)
  await retry(sql, { session, retries: [again(first)] })
  const second = await claimOne(sql, session)
  t.deepEqual([first.attempt, second.attempt], [1, 2])

  t.deepEqual((await settle(sql, { session, serves: [], endings: [ending(first)] })).settled, [false])
  t.deepEqual(await retry(sql, { session, retries: [again(first)] }), [])
  t.is((await jobsOf(sql, run)).length, 1)
  t.deepEqual((await settle(sql, { session, serves: [], endings: [ending(second)] })).settled, [true])
})

test('settling again with the same arguments changes nothing: a join is decremented once', async t => {
  const { sql } = await testStore(t)
  const session = await insertSession(sql)
  const run = await insertRun(sql)
  await insertJob(sql, { run, n: 0, phase: 'waiting', pending: 3 })
  await insertJob(sql, { run, n: 1, parent: 0 })
  await insertJob(sql, { run, n: 2, phase: 'blocked', parent: 0, pending: 2 })
  const job = await claimOne(sql, session)
  const endings = [ending(job, { tells: true, met: [2] })]
  t.deepEqual((await settle(sql, { session, serves: [], endings })).settled, [true])
  t.deepEqual((await settle(sql, { session, serves: [], endings })).settled, [false])
  t.deepEqual(
    (await jobsOf(sql, run)).map(({ n, pending }) => [n, pending]),
    [
      [0, 2],
      [2, 1],
    ],
  )
  t.is((await sql`select from outcome where run = ${run}`).length, 1)
})

test('a session whose lease has ended settles, retries and claims nothing', async t => {
  const { sql, clock } = await testStore(t)
  const session = await insertSession(sql, { leaseMs: 10_000 })
  const { run } = await insertJob(sql)
  const held = await claimOne(sql, session)
  await insertJob(sql)
  await clock.advanceMs(10_001)
  t.deepEqual((await settle(sql, { session, serves: [1], endings: [ending(held)] })).settled, [false])
  t.deepEqual(await retry(sql, { session, retries: [again(held)] }), [])
  t.deepEqual((await claimQueue(sql, { session, queue: 1, limit: 10 })).jobs, [])
  t.deepEqual(await claimJobs(sql, { session, queues: [1], jobs: [{ run, n: 0, attempt: 0 }] }), { jobs: [], runs: [] })
  t.is((await jobsOf(sql, run))[0]!.session, session)
})

test('another session settles nothing of what this one holds', async t => {
  const { sql } = await testStore(t)
  const [mine, other] = [await insertSession(sql), await insertSession(sql)]
  await insertJob(sql)
  const held = await claimOne(sql, mine)
  t.deepEqual((await settle(sql, { session: other, serves: [], endings: [ending(held)] })).settled, [false])
  t.deepEqual((await settle(sql, { session: mine, serves: [], endings: [ending(held)] })).settled, [true])
})

test('settlers that share joins in opposite orders never deadlock, and the body starts once', async t => {
  const { sql, database } = await hashingStore(t)
  const joins = 24
  const settlers = 8
  for (let round = 0; round < 4; round++) {
    const run = await insertRun(sql)
    const sessions = await Promise.all(Array.from({ length: settlers }, () => insertSession(sql)))
    const first = 1000
    // Joins 1…24 need every one of 8 sources; the last join, 25, needs the 24.
    await sql`
    insert into job (run, due_at, n, plan, node, base, queue, pending, rank, phase)
    select ${run}, clock_now(), n, 1, n, 0, 1, ${settlers}, 4, 'blocked' from generate_series(1, ${joins}::int) n`
    await sql`
    insert into job (run, due_at, n, plan, node, base, queue, session, attempt, rank, phase)
    select ${run}, clock_now(), ${first}::int + i, 1, 0, 0, 1, s, 1, 4, 'ready' from unnest(${`{${sessions.join(',')}}`}::int[]) with ordinality x(s, i)`
    const up = Array.from({ length: joins }, (_, i) => i + 1)
    const results = await Promise.all(
      sessions.map((session, i) =>
        settle(sql, {
          session,
          serves: [1],
          endings: [ending({ run, n: first + i + 1, attempt: 1 }, { met: i % 2 ? up : up.toReversed(), take: true })],
        }),
      ),
    )
    const started = results.flatMap(result => [...result.taken, ...result.ready]).map(job => ('n' in job ? job.n : -1))
    t.deepEqual(
      started.toSorted((a, b) => a - b),
      up,
    )
    t.true(results.every(result => result.settled[0]))
  }
  t.is(await deadlocks(database.url, sql), 0)
})

test('many endings of one statement lock in order, whatever order they come in', async t => {
  const { sql, database } = await hashingStore(t)
  const settlers = 6
  const each = 30
  const runs = await Promise.all(Array.from({ length: 10 }, () => insertRun(sql)))
  const sessions = await Promise.all(Array.from({ length: settlers }, () => insertSession(sql)))
  for (const run of runs) {
    await insertJob(sql, { run, n: 0, phase: 'waiting', pending: settlers * each })
    await sql`
    insert into job (run, due_at, n, plan, node, base, parent, queue, session, attempt, rank, phase)
    select ${run}, clock_now(), s * 1000 + i, 1, 0, 0, 0, 1, s, 1, 4, 'ready' from unnest(${`{${sessions.join(',')}}`}::int[]) s, generate_series(1, ${each}::int) i`
  }
  await Promise.all(
    sessions.map(async (session, k) => {
      for (let i = 1; i <= each; i++) {
        const order = k % 2 ? runs : runs.toReversed()
        await settle(sql, {
          session,
          serves: [],
          endings: order.map(run => ending({ run, n: session * 1000 + i, attempt: 1 }, { tells: true })),
        })
      }
    }),
  )
  const roots = await sql<{ phase: string; pending: number }>`select phase, pending from job`
  t.deepEqual(
    roots,
    runs.map(() => ({ phase: 'ready', pending: 0 })),
  )
  t.is(await deadlocks(database.url, sql), 0)
})

test('skipped and allowed to fail satisfy needs; what cannot be met is omitted in the same statement', async t => {
  const { sql } = await testStore(t)
  const session = await insertSession(sql)
  const run = await insertRun(sql)
  await insertJob(sql, { run, n: 0, phase: 'waiting', pending: 3 })
  for (const n of [1, 2]) await insertJob(sql, { run, n, parent: 0, session, attempt: 1 })
  await insertJob(sql, { run, n: 3, parent: 0, phase: 'blocked', pending: 1 })
  await insertJob(sql, { run, n: 4, parent: 0, phase: 'blocked', pending: 1 })
  await insertJob(sql, { run, n: 5, parent: 0, phase: 'blocked', pending: 1 })
  const result = await settle(sql, {
    session,
    serves: [1],
    endings: [
      ending({ run, n: 1, attempt: 1 }, { state: 'skipped', met: [3], take: true }),
      ending(
        { run, n: 2, attempt: 1 },
        {
          state: 'failed',
          fails: true,
          omits: [
            { n: 4, tells: false, misses: [] },
            { n: 5, tells: true, misses: [] },
          ],
        },
      ),
    ],
  })
  t.deepEqual(
    result.taken.map(job => job.n),
    [3],
  )
  const outcomes = await sql<{
    n: number
    state: string
  }>`select n, state::text from outcome where run = ${run} order by n`
  t.deepEqual(outcomes, [
    { n: 1, state: 'skipped' },
    { n: 2, state: 'failed' },
    { n: 4, state: 'omitted' },
    { n: 5, state: 'omitted' },
  ])
  t.like((await jobsOf(sql, run))[0], { n: 0, pending: 2, unmet: 1 })
})

test('a settle takes nothing of a queue that is paused or limited', async t => {
  const { sql } = await testStore(t)
  const session = await insertSession(sql)
  await sql`insert into queue (namespace, name, paused) values ('default', 'paused', true)`
  await sql`insert into queue (namespace, name, concurrency) values ('default', 'narrow', 3)`
  const run = await insertRun(sql)
  await insertJob(sql, { run, n: 0, session, attempt: 1 })
  for (const n of [1, 2, 3]) await insertJob(sql, { run, n, phase: 'blocked', pending: 1, queue: n })
  const result = await settle(sql, {
    session,
    serves: [1, 2, 3],
    endings: [ending({ run, n: 0, attempt: 1 }, { met: [1], take: true })],
  })
  t.deepEqual(
    result.taken.map(job => job.n),
    [1],
  )
  const next = await settle(sql, {
    session,
    serves: [1, 2, 3],
    endings: [ending({ run, n: 1, attempt: 1 }, { met: [2], take: true })],
  })
  t.deepEqual(next.taken, [])
  t.deepEqual(next.ready, [{ queue: 2, run, n: 2, attempt: 0 }])
})

/** A store whose planner sorts only where a statement says so: an order that comes by chance holds nothing. */
const hashingStore = async (t: Parameters<typeof testStore>[0]) => {
  const { database } = await testStore(t)
  await database.sql.script(
    `do $$ begin execute format('alter database %I set enable_sort = off', current_database()); end $$`,
  )
  const again = openDatabase(database.url, { max: 12 })
  t.teardown(() => again.close())
  return { database: again, sql: again.sql }
}

/** Counted by Postgres once the connections' statistics are sent: a second at most. */
const deadlocks = async (_url: string, sql: Parameters<typeof claimQueue>[0]): Promise<number> => {
  await sql`select pg_stat_force_next_flush()`
  const [row] = await sql<{
    deadlocks: number
  }>`select deadlocks::int as deadlocks from pg_stat_database where datname = current_database()`
  return row!.deadlocks
}
