import test from 'ava'
import { newId } from '../../engine/model/id.ts'
import { addRejections, listRejections, takeTokens, tidyHooks } from '../../engine/store/hook.ts'
import { type KeyedRun, type Start, startEachOnce } from '../../engine/store/run.ts'
import { testStore } from '../support/store.ts'

/** One an hour: what passes while a test runs adds nothing. */
const hourMs = 3_600_000
const bucket = { namespace: 'default', name: 'limited', count: 10, ms: 10 * hourMs }
const empty = { node: [], parent: [], queue: [], rank: [], phase: [], pending: [], opened: [], hint: '', ready: [] }
const start = {
  namespace: 'default',
  kind: 'workflow',
  name: 'test',
  revision: 1,
  plan: 1,
  scope: empty as unknown as Start['scope'],
  nextN: 1,
  deadlineMs: null,
  trigger: 'hook/test',
  labels: null,
} satisfies Start
const run = (key: string, more: Partial<KeyedRun> = {}): KeyedRun => ({
  id: newId(),
  input: '{}',
  key,
  inputHash: 'same',
  ttlMs: 1000,
  ...more,
})

test('a bucket gives what it holds and fills with time, up to its size', async t => {
  const { sql, clock } = await testStore(t)
  t.is((await takeTokens(sql, { ...bucket, wanted: 7 })).granted, 7)
  const { granted, retryAfterMs } = await takeTokens(sql, { ...bucket, wanted: 7 })
  t.is(granted, 3)
  t.true(retryAfterMs > 0 && retryAfterMs <= hourMs, `${retryAfterMs}`)
  await clock.advanceMs(5 * hourMs)
  t.is((await takeTokens(sql, { ...bucket, wanted: 9 })).granted, 5)
  await clock.advanceMs(100 * hourMs)
  t.is((await takeTokens(sql, { ...bucket, wanted: 99 })).granted, 10)
})

test('however many take at once, a bucket gives no more than it holds', async t => {
  const { sql } = await testStore(t)
  const slow = { ...bucket, count: 25, ms: 25 * hourMs }
  const taken = await Promise.all(Array.from({ length: 20 }, () => takeTokens(sql, { ...slow, wanted: 3 })))
  t.is(
    taken.reduce((sum, one) => sum + one.granted, 0),
    25,
  )
})

test('rejections are counted by minute, and forgotten when they are old', async t => {
  const { sql, clock } = await testStore(t)
  const one = { hook: 'a', reason: 'signature', requests: 2, path: '/a', detail: null }
  const add = (...rejections: (typeof one)[]) => addRejections(sql, { namespace: 'default', rejections })
  const list = () => listRejections(sql, { namespace: 'default', limit: 10 })
  await clock.advanceMs(0)
  await add(one, { ...one, hook: '', path: '/"\\,{}' })
  await add({ ...one, requests: 3 })
  const rows = await list()
  t.is(
    rows.filter(row => row.hook === 'a').reduce((sum, row) => sum + row.requests, 0),
    5,
  )
  t.is(rows.find(row => row.hook === '')!.path, '/"\\,{}')
  await clock.advanceMs(120_000)
  await add(one)
  t.is((await list())[0]!.requests, 2)
  await tidyHooks(sql, { keepMs: 60_000 })
  t.is((await list()).length, 1)
})

test('a key is kept for its time and until its run has ended, and is new after both', async t => {
  const { sql, clock } = await testStore(t)
  const once = async (one: KeyedRun) => (await startEachOnce(sql, start, [one], { channel: null }))[0]!
  const first = await once(run('a'))
  t.like(await once(run('a')), { id: first.id, duplicate: true, conflict: false })
  t.like(await once(run('a', { inputHash: 'other' })), { id: first.id, conflict: true })
  await clock.advanceMs(2000)
  await tidyHooks(sql, { keepMs: 1000 })
  t.true((await once(run('a'))).duplicate, 'its run is open')
  await sql`update run set state = 'succeeded', ended_at = clock_now() where id = ${first.id}`
  await tidyHooks(sql, { keepMs: 1000 })
  t.false((await once(run('a'))).duplicate)
})

test('a key without a time is kept, and of a group each key starts one run', async t => {
  const { sql, clock } = await testStore(t)
  const group = [run('b', { ttlMs: null }), run('a'), run('b', { ttlMs: null }), run('a\\"\u00e9\n')]
  const made = await startEachOnce(sql, start, group, { channel: null })
  t.deepEqual(
    made.map(one => one.duplicate),
    [false, false, true, false],
  )
  t.is(made[2]!.id, made[0]!.id)
  await clock.advanceMs(86_400_000)
  await sql`update run set state = 'succeeded', ended_at = clock_now()`
  await tidyHooks(sql, { keepMs: 1000 })
  t.true((await startEachOnce(sql, start, [run('b')], { channel: null }))[0]!.duplicate)
})

test('groups with the same keys in another order do not wait for each other', async t => {
  const { sql } = await testStore(t)
  const keys = Array.from({ length: 50 }, (_, i) => `key-${i}`)
  const starts = await Promise.all(
    Array.from({ length: 8 }, (_, i) => {
      const ordered = i % 2 ? keys : keys.toReversed()
      return startEachOnce(
        sql,
        start,
        ordered.map(key => run(key)),
        { channel: null },
      )
    }),
  )
  t.is(starts.flat().filter(one => !one.duplicate).length, 50)
  const [row] = await sql<{ runs: number }>`select count(*)::int as runs from run`
  t.is(row!.runs, 50)
})
