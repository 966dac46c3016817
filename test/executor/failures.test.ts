import test from 'ava'
import type { ExecutionContext } from 'ava'
import type { Result } from '../../engine/executor/index.ts'
import { testPool } from '../support/pool.ts'

type Failure = Result & { ok: false }

/** Runs a handler between two good ones. */
const between = async (t: ExecutionContext, handler: string, input: unknown = {}) => {
  const { pool, work, resultOf, logs } = await testPool(t)
  const [before, bad, after] = [work('echo', 'before'), work(handler, input), work('echo', 'after')]
  pool.run([before, bad, after])
  t.like(await resultOf(before.key), { ok: true, output: '"before"' })
  const failure = await resultOf(bad.key)
  t.like(await resultOf(after.key), { ok: true, output: '"after"' })
  t.false(failure.ok)
  return { failure: failure as Failure, logs }
}

test('an error has its name, its message, and a stack of the handler’s frames only', async t => {
  const { failure } = await between(t, 'throws-error')
  t.like(failure.error, { name: 'RangeError', message: 'seven is too many' })
  t.regex(failure.error.stack!, /throws-error\.ts:5/)
  t.regex(failure.error.stack!, /caused by Error: six was enough/)
  t.notRegex(failure.error.stack!, /node:internal|slots\.ts/)
})

test('an error of a class without a name of its own is named by its class', async t => {
  const { failure } = await between(t, 'throws-error', { own: true })
  t.like(failure.error, { name: 'OrderLost', message: 'order 7 is gone' })
})

test('what is thrown and is no error is shown', async t => {
  const { failure } = await between(t, 'throws-text')
  t.deepEqual(failure.error, {
    name: 'NonError',
    message: "threw a string 'just text'; throw an Error instead",
  })
})

for (const wait of [true, false])
  test(`a rejection nobody awaits fails the handler that ${wait ? 'still runs' : 'has just returned'}`, async t => {
    const { failure } = await between(t, 'rejects-unawaited', { wait })
    t.like(failure.error, {
      name: 'UnhandledRejection',
      message: 'nobody awaited a promise that was rejected with Error: nobody listens',
    })
    t.regex(failure.error.stack!, /rejects-unawaited\.ts:2/)
  })

test('an error thrown in a timer fails the handler that set it', async t => {
  const { failure } = await between(t, 'throws-in-timer')
  t.is(failure.error.name, 'UncaughtException')
  t.regex(failure.error.message, /TypeError: too late/)
})

test('a child in which an error escaped is replaced', async t => {
  const { run, pool, until } = await testPool(t)
  const [{ pid } = { pid: 0 }] = pool.stats().children
  await run('rejects-unawaited', { wait: true })
  t.like(await run('noop'), { ok: true })
  await until(() => pool.stats().children.every(child => child.pid !== pid) || undefined)
  t.is(pool.stats().deaths, 0)
})

test('a missing handler is told from an invalid one', async t => {
  const { failure } = await between(t, 'absent')
  t.is(failure.error.name, 'HandlerMissing')
  t.regex(failure.error.message, /there is no handler "absent": looked for .*handlers\/absent\{\.ts,\.js,\.mjs\}/)
})

const invalid = test.macro({
  exec: async (t, handler: string, message: RegExp) => {
    const { failure } = await between(t, handler)
    t.is(failure.error.name, 'HandlerInvalid')
    t.regex(failure.error.message, message)
  },
  title: (_, handler) => `the handler "${handler}" is refused`,
})
test(invalid, 'no-default', /no-default\.ts has no default export that is a function/)
test(invalid, 'throws-at-import', /throws-at-import\.ts cannot be loaded: Error: no configuration/)
test(invalid, 'enumerates', /enumerates\.ts cannot be loaded: .*no enums/s)
test(invalid, '../../support/pool', /is not a path inside/)
test(invalid, '/etc/passwd', /is not a path inside/)
