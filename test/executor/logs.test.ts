import test from 'ava'
import { testPool } from '../support/pool.ts'

test('what a handler prints is its log, even with others beside it', async t => {
  const { pool, work, resultOf, logs, progress } = await testPool(t, { slots: 2 })
  const [a, b] = [work('prints', { name: 'a' }), work('prints', { name: 'b' })]
  pool.run([a, b])
  await resultOf(a.key)
  await resultOf(b.key)

  for (const [{ key }, name] of [[a, 'a'] as const, [b, 'b'] as const]) {
    t.deepEqual(
      logs.filter(line => line.key === key),
      [
        { key, level: 'info', message: `log ${name} { a: 1 }` },
        { key, level: 'warn', message: `warn ${name}` },
        { key, level: 'info', message: `out ${name}` },
        { key, level: 'error', message: `err ${name}` },
        { key, level: 'debug', message: 'debug' },
        { key, level: 'info', message: 'told', fields: { rows: 3 } },
        { key, level: 'info', message: 'odd', fields: { value: '{ size: 7n }' } },
      ],
    )
    t.deepEqual(progress.filter(each => each.key === key).at(-1), { key, fraction: 0.5, text: 'half' })
  }
})

test('a log ends with a notice at 1 MiB', async t => {
  const { run, logs } = await testPool(t)
  await run('prints-much')
  t.is(logs.length, Math.floor((1024 * 1024) / 1001) + 1)
  t.regex(logs.at(-1)!.message, /more than 1 MiB/)
})
