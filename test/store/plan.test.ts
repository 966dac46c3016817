import test from 'ava'
import { claimJobs, claimQueue, queuesWithJobs, release } from '../../engine/store/claim.ts'
import { openScopes } from '../../engine/store/open.ts'
import { retry } from '../../engine/store/retry.ts'
import { settle } from '../../engine/store/settle.ts'
import { openConnection, type Sql } from '../../engine/store/sql.ts'
import { promoteDue } from '../../engine/store/timer.ts'
import { explain } from '../support/explain.ts'
import { ending, insertSession, testStore } from '../support/store.ts'

const batch = 200

/** Open jobs of many runs: queued, held by one session below a waiting container, scheduled, blocked; and old outcomes. */
const fill = async (
  sql: Sql,
  jobs: number,
  session: number,
): Promise<{ run: string; n: number; attempt: number }[]> => {
  const runs = Math.max(1, Math.floor(jobs / 1000))
  await sql`
  insert into run (id, namespace, kind, name, revision, plan, input, trigger, next_n)
  select gen_random_uuid(), 'default', 'workflow', 'test', 1, 1, '{}', 'test', 1000000 from generate_series(1, ${runs}::int)`
  await sql`
  insert into job (run, due_at, n, plan, node, base, parent, queue, session, attempt, pending, rank, phase)
  select run.id, clock_now() + i * interval '1 microsecond', i, 1, 1, 0, case when i > 0 then 0 end, 1, case when i > 0 and i <= ${batch}::int and r = 1 then ${session}::int end,
    (i > 0 and i <= ${batch}::int and r = 1)::int, case when i = 0 or i > 900 then 1000 else 0 end, 4,
    case when i = 0 then 'waiting' when i <= 800 then 'ready' when i <= 900 then 'scheduled' else 'blocked' end::phase
  from (select id, row_number() over () as r from run) run, generate_series(0, 999) i`
  await sql`
  insert into outcome (run, n, attempt, tries, node, state, final, ended_at, output)
  select run.id, i, 1, 1, 1, 'succeeded', true, clock_now(), 'null' from run, generate_series(1000, 1999) i`
  return sql<{
    run: string
    n: number
    attempt: number
  }>`select run, n, attempt from job where session = ${session} order by run, n`
}

const statements = (
  session: number,
  held: { run: string; n: number; attempt: number }[],
  queued: { run: string; n: number; attempt: number }[],
): { [name: string]: [(sql: Sql) => Promise<unknown>, object?] } => ({
  claimQueue: [sql => claimQueue(sql, { session, queue: 1, limit: batch })],
  queuesWithJobs: [sql => queuesWithJobs(sql, [0, 1, 2, 3])],
  claimJobs: [sql => claimJobs(sql, { session, queues: [1], jobs: queued })],
  settle: [
    sql =>
      settle(sql, { session, serves: [1], events: 'default', endings: held.map(job => ending(job, { tells: true })) }),
    {},
  ],
  'settle with joins': [
    sql =>
      settle(sql, {
        session,
        serves: [1],
        events: 'default',
        endings: held.map(job =>
          ending(job, {
            tells: true,
            met: [950],
            meets: [951],
            misses: [952],
            omits: [{ n: 953, tells: true, misses: [954] }],
          }),
        ),
      }),
    {},
  ],
  retry: [
    sql =>
      retry(sql, {
        session,
        events: 'default',
        retries: held.map(({ run, n, attempt }) => ({
          run,
          n,
          attempt,
          delayMs: 5,
          lost: false,
          input: null,
          error: '{}',
          ranMs: 1,
          code: null,
          untold: 0,
        })),
      }),
  ],
  release: [sql => release(sql, { session, jobs: held, events: 'default' })],
  promoteDue: [sql => promoteDue(sql, { limit: batch, events: 'default' })],
  openScopes: [
    sql =>
      openScopes(sql, {
        session,
        serves: [1],
        events: 'default',
        takes: 1,
        deadlineMs: null,
        scope: {
          size: 2,
          node: '{2,3}',
          parent: '{-1,-1}',
          queue: '{1,1}',
          rank: '{4,4}',
          phase: '{ready,blocked}',
          pending: '{0,1}',
          opened: '{false,false}',
          nth: '{0,null}',
          hint: '1',
          ready: [],
        },
        openings: held.map(({ run, n, attempt }) => ({
          run,
          n,
          attempt,
          pending: 1,
          innerBase: 100_000 + n * 10,
          base: 100_000 + n * 10,
          result: null,
          always: false,
          begins: true,
        })),
      }),
    {},
  ],
})

const measure = async (t: { teardown(end: () => unknown): void }, jobs: number, stale: boolean) => {
  const { sql, database } = await testStore(t)
  await sql.script(
    'alter table job set (autovacuum_enabled = off); alter table outcome_default set (autovacuum_enabled = off)',
  )
  const session = await insertSession(sql, { leaseMs: 3_600_000 })
  if (stale) await sql.script('analyze')
  const held = await fill(sql, jobs, session)
  if (!stale) await sql.script('analyze')
  const queued = await sql<{
    run: string
    n: number
    attempt: number
  }>`select run, n, attempt from job where phase = 'ready' and session is null order by run, n limit ${batch}`
  await sql`update job set due_at = clock_now() - interval '1 second' where phase = 'scheduled'`
  const found = new Map<string, Awaited<ReturnType<typeof explain>>>()
  for (const [name, [work, row]] of Object.entries(statements(session, held, queued)))
    found.set(name, await explain(database.url, work, row))
  return found
}

const small = measure({ teardown: () => {} }, 2000, false)

for (const [what, stale] of [
  ['fresh', false],
  ['stale', true],
] as const)
  test.serial(
    `with 100,000 jobs and ${what} statistics no statement reads a table from end to end, nor more than with 2,000`,
    async t => {
      const [large, few] = [await measure(t, 100_000, stale), await small]
      for (const [name, { scans, buffers, ms }] of large) {
        t.deepEqual(
          scans.filter(scan => /^Seq Scan (job|outcome)/.test(scan)),
          [],
          name,
        )
        const before = few.get(name)!.buffers
        t.log(`${name}: ${buffers} pages (${before} with 2,000 jobs), ${ms.toFixed(1)} ms`)
        t.true(ms < 300, `${name}: ${ms} ms`) // a nested loop over a large table shows here alone
        t.true(buffers < 3 * before + 500, `${name}: ${buffers} pages, ${before} in a small table`)
      }
    },
  )

test.serial(
  'behind 50,000 dead rows that a snapshot keeps, claims with a cursor read no more than clean ones',
  async t => {
    const { sql, database } = await testStore(t)
    await sql.script('alter table job set (autovacuum_enabled = off)')
    const session = await insertSession(sql, { leaseMs: 3_600_000 })
    await fill(sql, 100_000, session)
    await sql.script('analyze')
    const clean = await explain(database.url, one => claimQueue(one, { session, queue: 1, limit: batch }))
    const holder = await openConnection(database.url)
    t.teardown(() => holder.end())
    await holder.query('begin isolation level repeatable read')
    await holder.query('select count(*) from job')
    const rows = await sql<{ rank: number; ready: number }>`
  with gone as (
    delete from job where ctid = any(array(select ctid from job where queue = 1 and phase = 'ready' and session is null order by rank, due_at limit 50000)) returning rank, due_at
  )
  select rank, extract(epoch from max(due_at))::float8 as ready from gone group by rank`
    const behind = await explain(database.url, one =>
      claimQueue(one, { session, queue: 1, limit: batch, after: rows[0]! }),
    )
    const front = await explain(database.url, one => claimQueue(one, { session, queue: 1, limit: batch }))
    t.log(`clean ${clean.buffers} pages, with a cursor ${behind.buffers}, without ${front.buffers}`)
    t.true(behind.buffers < 5 * clean.buffers, `${behind.buffers} pages, clean ${clean.buffers}`)
    await holder.query('rollback')
  },
)
