import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { startPostgres } from '../../engine/server.ts'
import { testEngine, until, workflow } from '../support/engine.ts'
import { gone } from '../support/process.ts'
import { startWorker } from '../support/worker.ts'

for (const [how, crash] of [
  ['stopped', false],
  ['killed', true],
] as const) {
  test.serial(`Postgres is ${how} and started again in the middle of a run: the worker goes on`, async t => {
    const dir = mkdtempSync(join(tmpdir(), 'tq-fault-'))
    chmodSync(dir, 0o755)
    const dataDir = join(dir, 'db')
    let postgres = await startPostgres({ dataDir })
    t.teardown(async () => {
      await postgres.stop()
      rmSync(dir, { recursive: true, force: true })
    })
    const engine = await testEngine({ url: postgres.url, idle: true })
    t.teardown(engine.stop)
    await engine.applyYaml(
      workflow(
        'Chain',
        'many',
        `
      inputs: { list: { type: array } }
      steps: [{ id: each, forEach: { in: "{{ inputs.list }}" }, task: sleep, with: { ms: 1 } }]
    `,
      ),
    )
    const worker = await startWorker(t, { url: postgres.url, TQ_SLOTS: '2', TQ_LEASE: '10s' })
    const id = await engine.start('many', { list: Array.from({ length: 3000 }, (_, i) => i) })
    await until(async () => (await engine.sql<{ c: number }>`select count(*)::int as c from outcome`)[0]!.c > 500)
    if (crash) {
      process.kill(postgres.pid, 'SIGKILL')
      await gone(postgres.pid)
      await postgres.stop().catch(() => {})
    } else await postgres.stop()
    const before = postgres.url
    postgres = await startPostgres({ dataDir })
    t.is(postgres.url, before)
    const [back] = await until(() => engine.sql<{ now: Date }>`select clock_now() as now`.catch(() => null))
    const next = await until(() =>
      engine.sql<{
        ms: number
      }>`select extract(epoch from min(ended_at) - ${back!.now}::timestamptz)::float8 * 1000 as ms from outcome where ended_at > ${back!.now} having count(*) > 0`
        .then(rows => rows[0])
        .catch(() => null),
    )
    const run = await engine.ended(id)
    t.is(run.state, 'succeeded')
    const [row] = await engine.sql<{ jobs: number; twice: number }>`
    select count(*)::int as jobs, (count(*) - count(distinct n))::int as twice from outcome where run = ${id} and state = 'succeeded' and item is not null`
    t.deepEqual(row, { jobs: 3000, twice: 0 })
    t.log(`it settled again ${Math.round(next.ms)} ms after Postgres was back`)
    t.true(next.ms < 4000, `${next.ms}`)
    worker.signal('SIGTERM')
    t.is(await worker.ended, 0)
  })
}
