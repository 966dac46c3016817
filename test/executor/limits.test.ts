import test from 'ava'
import { type Child, markFirst, overdue, restart } from '../../engine/executor/held.ts'
import type { Work } from '../../engine/executor/index.ts'
import { testPool } from '../support/pool.ts'

for (const end of ['return', 'throw'] as const)
  test(`a handler whose time is up is told, and fails with Timeout though it ends with a ${end}`, async t => {
    const { run, logs, pool } = await testPool(t, { graceMs: 60_000 })
    await run('waits-for-abort', { end: 'now' })
    const result = await run('waits-for-abort', { end }, { timeoutMs: 20 })
    t.like(result, { ok: false, error: { name: 'Timeout', message: 'ran longer than its limit of 20 ms' } })
    t.true(logs.some(line => line.message === 'aborted: Timeout'))
    t.is(pool.stats().deaths, 0)
  })

for (const handler of ['hangs', 'loops'])
  test(`a handler that ${handler} is killed after its limit and the grace, and its neighbours are not counted`, async t => {
    const { pool, work, resultOf, released } = await testPool(t, { graceMs: 50 })
    const [bad, behind] = [work(handler, {}, { timeoutMs: 50 }), work('echo')]
    pool.run([bad, behind])
    const result = await resultOf(bad.key)
    t.like(result, { ok: false, error: { name: 'Timeout' } })
    t.false('crashed' in result)
    t.true(result.ranMs >= 100, `it ran ${result.ranMs} ms`)
    t.like(await resultOf(behind.key), { ok: true })
    t.true(released.includes(behind.key), `released: ${released}`)
  })

test('a kill for one attempt loses its neighbours in the child', async t => {
  const { pool, work, resultOf, logged } = await testPool(t, { slots: 2, graceMs: 20 })
  const [neighbour, bad] = [work('hangs'), work('hangs', {}, { timeoutMs: 20 })]
  pool.run([neighbour])
  await logged(neighbour.key, 'hangs')
  pool.run([bad])
  t.like(await resultOf(bad.key), { error: { name: 'Timeout' } })
  t.like(await resultOf(neighbour.key), { crashed: true, error: { name: 'ChildCrashed' } })
})

test('a cancelled handler is told', async t => {
  const { pool, work, resultOf, logged } = await testPool(t, { graceMs: 60_000 })
  const one = work('waits-for-abort', { end: 'throw' })
  pool.run([one])
  await logged(one.key, 'waits')
  pool.abort(one.key, 'Cancelled')
  t.like(await resultOf(one.key), { error: { name: 'Cancelled', message: 'was cancelled while it ran' } })
  t.is(pool.stats().deaths, 0)
})

test('a cancelled handler that does not listen is killed after the grace', async t => {
  const { pool, work, resultOf, logged } = await testPool(t)
  const one = work('loops')
  pool.run([one])
  await logged(one.key, 'loops')
  pool.abort(one.key, 'Cancelled', 10)
  t.like(await resultOf(one.key), { error: { name: 'Cancelled' } })
})

test('what is cancelled before it starts never runs', async t => {
  const { pool, work, resultOf, logged, logs } = await testPool(t, { graceMs: 60_000 })
  const [running, queued] = [work('waits-for-abort', { end: 'return' }), work('prints')]
  pool.run([running, queued])
  await logged(running.key, 'waits')
  pool.abort(queued.key, 'Cancelled')
  t.like(await resultOf(queued.key), {
    ok: false,
    error: { name: 'Cancelled', message: 'was stopped before it started' },
  })
  t.false(logs.some(line => line.key === queued.key))
  pool.abort(running.key, 'Cancelled')
  await resultOf(running.key)
})

test('an attempt whose start is only assumed is not killed before its child could have said so', t => {
  const work = { key: 1, timeoutMs: 50 } as Work
  const child = { ready: true, held: new Map([[1, { work, expectedMs: 1 }]]) } as unknown as Child
  markFirst(child, 0)
  t.is(overdue(child, 50, 101), undefined)
  t.deepEqual(overdue(child, 50, 601), { key: 1, reason: 'Timeout' })
  restart(child, 1, false, 40)
  t.is(overdue(child, 50, 139), undefined)
  t.deepEqual(overdue(child, 50, 140), { key: 1, reason: 'Timeout' })
})
