import test from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { claimQueue } from '../../engine/store/claim.ts'
import { declareLost, watchSessions } from '../../engine/store/session.ts'
import { lostJobs, requeueLost } from '../../engine/store/reap.ts'
import { settle } from '../../engine/store/settle.ts'
import { reaper } from '../../engine/runtime/reaper.ts'
import { testEngine, until, workflow } from '../support/engine.ts'
import { ending, insertJob, insertRun, insertSession, jobsOf, testStore } from '../support/store.ts'

test('a job whose worker is lost runs again, and the lost worker cannot settle it any more', async t => {
  const { sql, clock } = await testStore(t)
  const lost = await insertSession(sql, { leaseMs: 10_000 })
  const { run } = await insertJob(sql)
  const held = (await claimQueue(sql, { session: lost, queue: 1, limit: 1 })).jobs[0]!
  await clock.advanceMs(10_001)
  t.like((await watchSessions(sql))[0], { id: lost, expired: true, held: false })
  await declareLost(sql, [lost])
  const jobs = await lostJobs(sql, { limit: 10 })
  t.like(jobs, [{ run, session: lost, attempt: 1 }])
  const requests = jobs.map(job => ({
    run: job.run,
    n: job.n,
    attempt: job.attempt,
    session: job.session,
    counts: true,
  }))
  t.is((await requeueLost(sql, requests)).length, 1)
  t.is((await requeueLost(sql, requests)).length, 0)
  t.like((await jobsOf(sql, run))[0], { session: null, attempt: 1, lost: 1, failures: 0 })

  const other = await insertSession(sql)
  const again = (await claimQueue(sql, { session: other, queue: 1, limit: 1 })).jobs[0]!
  t.is(again.attempt, 2)
  t.deepEqual((await settle(sql, { session: lost, serves: [], endings: [ending(held)] })).settled, [false])
  t.deepEqual((await settle(sql, { session: lost, serves: [], endings: [ending(again)] })).settled, [false])
  t.deepEqual((await settle(sql, { session: other, serves: [], endings: [ending(again)] })).settled, [true])
})

test('two reapers at once requeue each lost job once', async t => {
  const { sql, clock } = await testStore(t)
  const session = await insertSession(sql, { leaseMs: 1000 })
  const run = await insertRun(sql)
  for (let n = 0; n < 50; n++) await insertJob(sql, { run, n, session, attempt: 1 })
  await clock.advanceMs(1001)
  await declareLost(sql, [session])
  const requests = (await lostJobs(sql, { limit: 100 })).map(job => ({
    run: job.run,
    n: job.n,
    attempt: job.attempt,
    session: job.session,
    counts: true,
  }))
  const [a, b] = await Promise.all([requeueLost(sql, requests), requeueLost(sql, requests.toReversed())])
  t.is(a.length + b.length, 50)
  t.true((await jobsOf(sql, run)).every(job => job.lost === 1))
})

/** The sessions' locks are free and nobody renews: as after a kill. */
const lose = async (engine: Awaited<ReturnType<typeof testEngine>>, run: string, path: string) => {
  const session = await insertSession(engine.sql)
  const claimed = await until(async () => {
    const { jobs } = await claimQueue(engine.sql, { session, queue: 1, limit: 1 })
    return jobs[0]
  })
  t_like(claimed.run, run, path)
  return claimed
}
const t_like = (found: string, expected: string, what: string) => {
  if (found !== expected) throw new Error(`claimed a job of another run than ${what}`)
}

test('the third worker lost with a job fails it; onLost: fail does so at once; both as WorkerLost', async t => {
  const engine = await testEngine({ idle: true })
  const stop = new AbortController()
  const reaping = reaper(engine.context, { leaseMs: 1000 }, stop.signal)
  t.teardown(async () => {
    stop.abort()
    await reaping
    await engine.stop()
  })
  await engine.applyYaml(`apiVersion: tq/v1
kind: Task
metadata: { name: once }
spec: { handler: noop, onLost: fail }
---
${workflow('Chain', 'again', 'steps: [{ id: a, task: noop }]')}---
${workflow('Chain', 'never', 'steps: [{ id: a, task: once }]')}`)

  const never = await engine.start('never')
  await lose(engine, never, 'never')
  const failed = await until(
    async () =>
      (
        await engine.sql<{
          state: string
          error: { name: string }
        }>`select state::text, error from outcome where run = ${never} and n = 1 and final`
      )[0],
  )
  t.is(failed.error.name, 'WorkerLost')

  const again = await engine.start('again')
  for (const lost of [1, 2]) {
    await lose(engine, again, 'again')
    await until(async () => (await jobsOf(engine.sql, again)).some(job => job.lost === lost && job.session === null))
  }
  await lose(engine, again, 'again')
  const third = await until(
    async () =>
      (
        await engine.sql<{
          state: string
          error: { name: string; message: string }
        }>`select state::text, error from outcome where run = ${again} and n = 1 and final`
      )[0],
  )
  t.is(third.error.name, 'WorkerLost')
  t.is((await engine.sql`select from outcome where run = ${again} and n = 1`).length, 3)
})

test('a session that renews and holds its lock is left alone', async t => {
  const engine = await testEngine({ leaseMs: 1500, concurrency: 1 })
  t.teardown(engine.stop)
  const before = engine.worker.session()
  for (const end = performance.now() + 3500; performance.now() < end; await sleep(50))
    t.is(engine.worker.session(), before)
  t.deepEqual(
    (await watchSessions(engine.sql)).map(({ expired, held }) => ({ expired, held })),
    [{ expired: false, held: true }],
  )
})

test('a job that may not run again goes straight to its onError and finally blocks when its worker is lost', async t => {
  const engine = await testEngine({ queues: ['other'], leaseMs: 2000 })
  t.teardown(engine.stop)
  await engine.applyYaml(`apiVersion: tq/v1
kind: Task
metadata: { name: once }
spec: { handler: noop, onLost: fail }
---
apiVersion: tq/v1
kind: Queue
metadata: { name: other }
spec: {}
---
${workflow(
  'Chain',
  'guarded',
  `
  steps:
    - id: a
      task: once
      onError: [{ on: [WorkerLost], recover: true, do: [{ id: fix, task: echo, queue: other, with: "{{ error.name }}" }] }]
      finally: [{ id: end, task: noop, queue: other }]
`,
)}`)
  const id = await engine.start('guarded')
  await lose(engine, id, 'guarded')
  const run = await engine.ended(id)
  t.is(run.state, 'succeeded')
  t.is(run.output, 'WorkerLost')
  t.is(
    (
      await engine.sql`select from outcome where run = ${id} and n = 1 and session is not null and not final and state = 'succeeded'`
    ).length,
    0,
  )
  t.true(run.jobs.some(job => job.path.endsWith('end') && job.state === 'succeeded'))
})
