import test from 'ava'
import { patiently } from '../../engine/runtime/patience.ts'
import { cancelBelow } from '../../engine/store/cancel.ts'
import { until } from '../support/engine.ts'
import { insertJob, insertRun, jobsOf, testStore } from '../support/store.ts'

test('a cancellation that waits for a scope being opened cancels its members too', async t => {
  const { sql } = await testStore(t)
  const run = await insertRun(sql)
  await insertJob(sql, { run, n: 0, session: 1, attempt: 1 })
  const cancelling = await sql.begin(async inner => {
    await inner`update job set phase = 'waiting', session = null, inner_base = 1, pending = 2 where run = ${run} and n = 0`
    for (const n of [1, 2]) await insertJob(inner, { run, n, parent: 0 })
    const error = { name: 'Cancelled', message: 'enough' }
    // Who waits long gives way, and comes again: on a machine that is busy, here too.
    const cancel = () => cancelBelow(sql, { run, n: null, spared: new Set(), error })
    const cancelled = patiently(cancel, { signal: AbortSignal.timeout(30_000) })
    await until(async () => (await sql`select from pg_locks where not granted`).length > 0)
    return { cancelled }
  })
  await cancelling.cancelled
  t.like(await jobsOf(sql, run), [{ n: 0, phase: 'ready', pending: 0 }])
  t.deepEqual(await sql`select n, state::text from outcome where run = ${run} order by n`, [
    { n: 1, state: 'cancelled' },
    { n: 2, state: 'cancelled' },
  ])
})
