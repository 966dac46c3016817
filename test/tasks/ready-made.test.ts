import { fileURLToPath } from 'node:url'
import test from 'ava'
import { testPool } from '../support/pool.ts'

const handlersDir = fileURLToPath(new URL('../../tasks', import.meta.url))

const runs = test.macro({
  exec: async (t, handler: string, input: unknown, expected: object) => {
    const { run } = await testPool(t, { handlersDir })
    t.like(await run(handler, input), expected)
  },
  title: (_, handler, input) => `${handler} ${JSON.stringify(input)}`,
})
test(runs, 'noop', { a: 1 }, { ok: true, output: 'null' })
test(runs, 'echo', { a: 1 }, { ok: true, output: '{"a":1}' })
test(runs, 'log', { message: 'hi', n: 1 }, { ok: true, output: '{"message":"hi","n":1}' })
test(runs, 'sleep', { ms: 1 }, { ok: true, output: '{"sleptMs":1}' })
test(runs, 'sleep', { for: '1ms 2ms' }, { ok: true, output: '{"sleptMs":3}' })
test(runs, 'sleep', { for: 'soon' }, { ok: false, error: { name: 'TypeError' } } as object)
test(runs, 'fail', { name: 'Offline', message: 'm' }, { ok: false, error: { name: 'Offline', message: 'm' } })

test('sleep ends when it is cancelled', async t => {
  const { pool, run } = await testPool(t, { handlersDir, graceMs: 60_000 })
  await run('sleep', { ms: 0 })
  t.like(await run('sleep', { for: '1h' }, { timeoutMs: 20 }), { error: { name: 'Timeout' } })
  t.is(pool.stats().deaths, 0)
})

test('log writes to the job’s log', async t => {
  const { run, logs } = await testPool(t, { handlersDir })
  await run('log', { message: 'hello', n: 1 })
  t.deepEqual(logs, [{ key: 1, level: 'info', message: 'hello', fields: { n: 1 } }])
})
