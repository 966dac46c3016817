import test from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { newJournal, testEngine, until, workflow } from '../support/engine.ts'
import { gone } from '../support/process.ts'
import { startWorker } from '../support/worker.ts'

const each = (task: string) => `
  inputs: { list: { type: array } }
  steps: [{ id: each, forEach: { in: "{{ inputs.list }}" }, ${task} }]
`
const list = (length: number) => ({ list: Array.from({ length }, (_, i) => i) })

/** Successes of a run's items, and how many of them succeeded twice. */
const successes = async (engine: Awaited<ReturnType<typeof testEngine>>, run: string) => {
  const [row] = await engine.sql<{ jobs: number; twice: number }>`
  select count(*)::int as jobs, (count(*) - count(distinct n))::int as twice from outcome
  where run = ${run} and state = 'succeeded' and item is not null`
  return row!
}

test.serial(
  'a worker killed in the middle of 10,000 items: all succeed, none twice, and its work is taken up at once',
  async t => {
    const engine = await testEngine({ idle: true })
    t.teardown(engine.stop)
    await engine.applyYaml(workflow('Chain', 'many', each('task: sleep, with: { ms: 1 }')))
    const env = { url: engine.url, TQ_SLOTS: '4', TQ_LEASE: '4s' }
    await until(
      async () => (await engine.sql`select where pg_postmaster_start_time() < now() - interval '4 seconds'`).length > 0,
    )
    const [victim] = await Promise.all([startWorker(t, env), startWorker(t, env)])
    const id = await engine.start('many', list(10_000))
    const session = await until(
      async () =>
        (
          await engine.sql<{
            id: number
          }>`select session as id from outcome join session on session.id = outcome.session and pid = ${victim.pid}
      where run = ${id} group by 1 having count(*) > 1000`
        )[0],
    )
    const [held] = await engine.sql<{
      jobs: number
      now: Date
    }>`select count(*)::int as jobs, clock_now() as now from job where session = ${session.id}`
    victim.signal('SIGKILL')
    await victim.ended
    await until(async () => (await engine.sql`select from job where session = ${session.id}`).length === 0)
    const [freed] = await engine.sql<{
      ms: number
    }>`select extract(epoch from clock_now() - ${held!.now}::timestamptz)::float8 * 1000 as ms`
    const run = await engine.ended(id)
    t.is(run.state, 'succeeded')
    t.deepEqual(await successes(engine, id), { jobs: 10_000, twice: 0 })
    t.is((await engine.sql`select from job`).length, 0)
    t.log(`${held!.jobs} jobs of the killed worker were free after ${Math.round(freed!.ms)} ms`)
    t.true(freed!.ms < 3000, `${freed!.ms} ms`)
  },
)

test.serial('a worker that was stopped past its lease settles nothing, and its children die', async t => {
  const engine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'held',
      `
    steps: [{ id: a, task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }]
  `,
    ),
  )
  const zombie = await startWorker(t, { url: engine.url, TQ_LEASE: '1s' })
  const id = await engine.start('held')
  await journal.seen('start a')
  const children = zombie.children()
  t.true(children.length > 0)
  zombie.signal('SIGSTOP')
  const other = await startWorker(t, { url: engine.url, TQ_LEASE: '1s' })
  await journal.seen('start a', 2)
  journal.open('go')
  const run = await engine.ended(id)
  t.is(run.state, 'succeeded')
  zombie.signal('SIGCONT')
  await Promise.all(children.map(gone))
  const sessions = await engine.sql<{ pid: number; state: string; final: boolean }>`
  select pid, state::text, final from outcome join session on session.id = outcome.session where run = ${id} and n = 1`
  t.deepEqual(sessions, [{ pid: other.pid, state: 'succeeded', final: true }])
  // It opens a session again, and works.
  const again = await engine.start('held')
  t.is((await engine.ended(again)).state, 'succeeded')
  await until(
    async () => (await engine.sql`select from session where pid = ${zombie.pid} and ended_at is null`).length === 1,
  )
})

test.serial('connections that break all the time lose nothing', async t => {
  const engine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  await engine.applyYaml(workflow('Chain', 'many', each('task: sleep, with: { ms: 1 }')))
  await startWorker(t, { url: engine.url, TQ_SLOTS: '2', TQ_LEASE: '3s' })
  const id = await engine.start('many', list(5000))
  let broken = 0
  let running = true
  const breaking = (async () => {
    while (running) {
      await sleep(100)
      const rows = await engine.sql`
      select pg_terminate_backend(pid) from (
        select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by random() limit 1) x`.catch(
        () => [],
      )
      broken += rows.length
    }
  })()
  const run = await engine.ended(id)
  running = false
  await breaking
  t.is(run.state, 'succeeded')
  t.deepEqual(await successes(engine, id), { jobs: 5000, twice: 0 })
  t.is((await engine.sql`select from job`).length, 0)
  t.log(`${broken} connections were broken`)
  t.true(broken > 5)
})

test.serial('SIGTERM: what runs ends, what waits is left to others, nothing is lost, the exit code is 0', async t => {
  const engine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'drained',
      each(`task: journal, with: { journal: "${journal.file}", name: x, gate: "${journal.gate('go')}" }`),
    ),
  )
  const first = await startWorker(t, { url: engine.url, TQ_SLOTS: '2' })
  const id = await engine.start('drained', list(100))
  await journal.seen('start x', 2)
  first.signal('SIGTERM')
  await until(async () => (await engine.sql`select from job where run = ${id} and session is not null`).length <= 2)
  journal.open('go')
  t.is(await first.ended, 0)
  t.is((await engine.sql`select from job where session is not null`).length, 0)
  t.is((await engine.sql`select from session where ended_at is null`).length, 0)
  const done = (await successes(engine, id)).jobs
  t.true(done >= 2 && done < 100, `${done}`)
  await startWorker(t, { url: engine.url })
  const run = await engine.ended(id)
  t.is(run.state, 'succeeded')
  t.deepEqual(await successes(engine, id), { jobs: 100, twice: 0 })
  t.is((await engine.sql`select from outcome where lost`).length, 0)
})

test.serial('the connection that holds the lock breaks: the worker takes it again and keeps its session', async t => {
  const engine = await testEngine({ leaseMs: 4000, concurrency: 1 })
  t.teardown(engine.stop)
  const before = engine.worker.session()
  await until(
    async () => (await engine.sql`select where pg_postmaster_start_time() < now() - interval '4 seconds'`).length > 0,
  )
  for (let i = 0; i < 3; i++) {
    const [holder] = await engine.sql<{
      pid: number
    }>`select pid from pg_locks where locktype = 'advisory' and classid = 29809 and objid = ${before}::oid and granted`
    await engine.sql`select pg_terminate_backend(${holder!.pid})`
    const next = await until(
      async () =>
        (
          await engine.sql<{ pid: number }>`
      select pid from pg_locks where locktype = 'advisory' and classid = 29809 and objid = ${before}::oid and granted and pid <> ${holder!.pid}`
        )[0],
    )
    t.not(next.pid, holder!.pid)
    await sleep(700) // two looks of a reaper
  }
  t.is(engine.worker.session(), before)
  t.is((await engine.sql`select from session where ended_at is not null`).length, 0)
})
