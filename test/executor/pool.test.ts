import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Result } from '../../engine/executor/index.ts'
import { testPool } from '../support/pool.ts'

const pidOf = (result: Result): number => JSON.parse((result as Result & { ok: true }).output).pid

test('a pool takes as many as it has slots until it knows how long they take', async t => {
  const { pool, run } = await testPool(t, { children: 2, slots: 3 })
  t.is(pool.capacity(), 6)
  for (let i = 0; i < 200; i++) await run('noop')
  t.true(pool.capacity() > 100)
  t.true(pool.capacity() <= 500)
})

test('nothing is put behind work that is slow, new or said to be long', async t => {
  const { pool, run, work, logged } = await testPool(t)
  for (let i = 0; i < 200; i++) await run('noop')
  const one = work('hangs')
  pool.run([one])
  t.is(pool.capacity(), 0)
  await logged(one.key, 'hangs')
  pool.abort(one.key, 'Cancelled')
})

test('what waits behind an attempt that turns out to be slow is handed back', async t => {
  const { pool, work, logged, until, released } = await testPool(t, { again: false })
  const [slow, behind] = [work('hangs'), work('noop')]
  pool.run([slow, behind])
  await logged(slow.key, 'hangs')
  await until(() => released.includes(behind.key))
  t.deepEqual(released, [behind.key])
})

test('work that runs alone has its child to itself', async t => {
  const { pool, work, resultOf, logged, until } = await testPool(t, { slots: 4 })
  const dir = mkdtempSync(join(tmpdir(), 'tq-test-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const before = work('waits-for-file', { file: join(dir, 'before') })
  const alone = work('waits-for-file', { file: join(dir, 'alone') }, { alone: true })
  const after = work('echo')
  pool.run([before])
  await logged(before.key, 'waits')

  pool.run([alone])
  t.is(pool.stats().waiting, 1)
  t.is(pool.capacity(), 0)
  writeFileSync(join(dir, 'before'), '')
  await logged(alone.key, 'waits')
  t.like(pool.stats(), { waiting: 0 })

  pool.run([after])
  t.is(pool.stats().waiting, 1)
  writeFileSync(join(dir, 'alone'), '')
  t.like(await resultOf(alone.key), { ok: true })
  t.like(await resultOf(after.key), { ok: true })
  await until(() => pool.capacity() >= 4)
})

test('children run beside each other', async t => {
  const { pool, work, logged } = await testPool(t, { children: 2, graceMs: 10 })
  const [a, b] = [work('hangs'), work('hangs')]
  pool.run([a, b])
  await logged(a.key, 'hangs')
  await logged(b.key, 'hangs')
  t.deepEqual(
    pool.stats().children.map(child => child.held),
    [1, 1],
  )
})

test('a child is replaced after so many attempts', async t => {
  const { run, pool } = await testPool(t, { recycleAfter: 2 })
  const pids: number[] = []
  for (let i = 0; i < 4; i++) pids.push(pidOf(await run('counts')))
  t.is(pids[0], pids[1])
  t.not(pids[1], pids[2])
  t.is(pids[2], pids[3])
  t.is(pool.stats().deaths, 0)
})

test('recycle replaces all children, so that they load handlers anew', async t => {
  const { run, pool } = await testPool(t, { children: 2 })
  const before = pool.stats().children.map(child => child.pid)
  pool.recycle()
  t.false(before.includes(pidOf(await run('counts'))))
})

test('a pool grows and shrinks', async t => {
  const { pool, run } = await testPool(t)
  pool.resize(3)
  t.is(pool.stats().children.filter(child => !child.retiring).length, 3)
  pool.resize(1)
  t.is(pool.stats().children.filter(child => !child.retiring).length, 1)
  t.like(await run('noop'), { ok: true })
})

test('close waits for what runs and hands back the rest', async t => {
  const { pool, work, logged, results, released } = await testPool(t, { again: false, graceMs: 60_000 })
  const dir = mkdtempSync(join(tmpdir(), 'tq-test-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const [running, queued] = [work('waits-for-file', { file: join(dir, 'go') }), work('noop')]
  pool.run([running, queued])
  await logged(running.key, 'waits')

  const closed = pool.close({ drainMs: 60_000 })
  t.is(pool.capacity(), 0)
  writeFileSync(join(dir, 'go'), '')
  await closed
  t.like(results, [{ key: running.key, ok: true }])
  t.deepEqual(released, [queued.key])
})

test('close kills what outlasts the drain', async t => {
  const { pool, work, logged, results } = await testPool(t)
  const one = work('loops')
  pool.run([one])
  await logged(one.key, 'loops')
  await pool.close({ drainMs: 10 })
  t.like(results, [
    { key: one.key, crashed: true, error: { message: 'its worker stopped and did not wait any longer for it' } },
  ])
})
