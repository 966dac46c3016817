import test from 'ava'
import type { Result } from '../../engine/executor/index.ts'
import { testPool } from '../support/pool.ts'

test('a handler gets its input and gives its output', async t => {
  const { run } = await testPool(t)
  const input = { name: 'Zoë\n"quoted"\u2028', list: [1, 2.5, null], nested: { __proto__: 1 } }

  const result = await run('echo', input)

  t.true(result.ok)
  t.deepEqual(JSON.parse((result as Result & { ok: true }).output), JSON.parse(JSON.stringify(input)))
  t.regex((result as Result & { ok: true }).code, /^[0-9a-f]{12}$/)
})

test('input text may span lines', async t => {
  const { pool, resultOf, work } = await testPool(t)
  const one = { ...work('echo'), input: '{\n  "a": 1\n}' }
  pool.run([one])
  t.like(await resultOf(one.key), { ok: true, output: '{"a":1}' })
})

test('the context says which attempt of which job it is', async t => {
  const { run } = await testPool(t)
  const result = await run('context', {}, { attempt: 3, task: 'load', job: 'a/b' })
  t.deepEqual(JSON.parse((result as Result & { ok: true }).output), {
    attempt: 3,
    idempotencyKey: 'run-1/1',
    run: 'run-1',
    job: 'a/b',
    task: 'load',
  })
})

test('handlers may stand in folders, and be made by defineTask', async t => {
  const { run } = await testPool(t)
  t.like(await run('nested/inner'), { ok: true, output: '"inner"' })
  t.like(await run('defined', { n: 1 }), { ok: true, output: '2' })
})

test('a handler sees no environment but what programs need', async t => {
  const { run } = await testPool(t, { env: { GREETING: 'hello' } })
  const result = await run('environment')
  const names = JSON.parse((result as Result & { ok: true }).output) as string[]
  t.deepEqual(
    names.filter(name => !['PATH', 'HOME', 'TZ', 'LANG'].includes(name)),
    ['GREETING'],
  )
})

const returns = test.macro({
  exec: async (t, what: string, expected: object) => {
    const { run } = await testPool(t)
    t.like(await run('returns', { what }), expected)
    t.like(await run('noop'), { ok: true }, 'the child goes on')
  },
  title: (_, what) => `a handler that returns ${what} has a clear result`,
})

const invalid = (message: string) => ({ ok: false, error: { name: 'InvalidOutput', message } })
test(returns, 'undefined', { ok: true, output: 'null' })
test(returns, 'date', { ok: true, output: '"1970-01-01T00:00:00.000Z"' })
test(returns, 'twice', { ok: true, output: '[{"a":1},{"a":1}]' })
test(returns, 'backslash', { ok: true, output: '"a\\\\u0000b"' })
test(returns, 'circular', invalid("the result's list[0] is a circular reference: JSON has none"))
test(
  returns,
  'bigint',
  invalid("the result's rows[0].size is a BigInt (7n): JSON has none; return String(value) or Number(value)"),
)
test(returns, 'function', invalid("the result's done is a function: JSON has none"))
test(returns, 'symbol', invalid('the result is a symbol: JSON has none'))
test(returns, 'nul', invalid("the result's items[1] contains the character U+0000, which cannot be stored"))
test(returns, 'nul key', invalid('a key of the result contains the character U+0000'))
test(returns, 'huge', {
  ok: false,
  error: {
    name: 'OutputTooLarge',
    message: 'the result has 17000002 bytes, at most 16777216 are allowed; store it elsewhere and return where it is',
  },
})
test(returns, 'wide', { ok: false, error: { name: 'OutputTooLarge' } } as object)
