import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { cancelRun, cancelStep } from '../../engine/client.ts'
import { startPostgres } from '../../engine/server.ts'
import { newJournal, testEngine, workflow } from '../support/engine.ts'
import { gone } from '../support/process.ts'
import { startWorker } from '../support/worker.ts'

/** semantics R7: a cancel is state. Whoever is away when it is asked for finds it when he is back. */
const reason = 'while nobody looked'

const deaf = (name: string, journal: string, more = '') =>
  workflow(
    'Chain',
    name,
    `steps: [{ id: deaf, task: deaf, with: { journal: "${journal}" }${more} }, { id: next, task: noop }]`,
  )

for (const what of ['run', 'step'] as const)
  test(`a ${what} that is cancelled while no worker is up, or after its worker was killed, never runs on`, async t => {
    const engine = await testEngine({ idle: true })
    t.teardown(engine.stop)
    const journal = newJournal()
    await engine.applyYaml(deaf('long', journal.file))
    await engine.applyYaml(
      `${deaf('once', journal.file)}---\napiVersion: tq/v1\nkind: Task\nmetadata: { name: deaf }\nspec: { handler: deaf, onLost: fail }\n`,
    )
    const cancel = (run: string) =>
      what === 'run'
        ? cancelRun(engine.context, { run, reason })
        : cancelStep(engine.context, { run, step: 'deaf', reason })
    const unstarted = await engine.start('long')
    t.true(await cancel(unstarted))

    const started = [await engine.start('long'), await engine.start('once')]
    const killed = await startWorker(t, { url: engine.url, TQ_CONCURRENCY: '2', TQ_LEASE: '2s' })
    await journal.seen('start deaf', 2)
    killed.signal('SIGKILL')
    await killed.ended
    for (const run of started) t.true(await cancel(run))
    await startWorker(t, { url: engine.url, TQ_LEASE: '2s' })
    for (const id of [unstarted, ...started]) {
      const run = await engine.ended(id)
      t.is(run.state, what === 'run' ? 'cancelled' : 'failed')
      t.is(run.job('deaf').state, 'cancelled')
    }
    t.is(journal.lines().length, 2)
  })

test('a cancel of which no message came is found by the worker, and its grace with it', async t => {
  // Broadcasts are dropped; what runs long is looked after with each renewal of the lease.
  const engine = await testEngine({
    leaseMs: 2000,
    graceMs: 3_600_000,
    wrap: broker => ({ ...broker, broadcast() {} }),
  })
  t.teardown(engine.stop)
  const journal = newJournal()
  await engine.applyYaml(deaf('long', journal.file))
  for (const step of [null, 'deaf']) {
    const run = await engine.start('long')
    await journal.seen('start deaf', step ? 2 : 1)
    const how = { run, reason, graceMs: 0 }
    t.true(step ? await cancelStep(engine.context, { ...how, step }) : await cancelRun(engine.context, how))
    t.is((await engine.ended(run)).job('deaf').state, 'cancelled')
  }
})

test('a cancel that its worker has not heard of survives the death of Postgres', async t => {
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
  const journal = newJournal()
  await engine.applyYaml(deaf('long', journal.file))
  const runs = [await engine.start('long'), await engine.start('long')]
  const worker = await startWorker(t, { url: postgres.url, TQ_CONCURRENCY: '2', TQ_KILL_GRACE: '10ms' })
  await journal.seen('start deaf', 2)
  worker.signal('SIGSTOP')
  t.true(await cancelRun(engine.context, { run: runs[0]!, reason }))
  t.true(await cancelStep(engine.context, { run: runs[1]!, step: 'deaf', reason }))
  process.kill(postgres.pid, 'SIGKILL')
  await gone(postgres.pid)
  await postgres.stop().catch(() => {})
  postgres = await startPostgres({ dataDir })
  worker.signal('SIGCONT')
  for (const id of runs) t.is((await engine.ended(id)).job('deaf').state, 'cancelled')
})
