import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import type { Result } from '../../engine/executor/index.ts'
import { gone } from '../support/process.ts'
import { testPool } from '../support/pool.ts'

const death = test.macro({
  exec: async (t, handler: string, input: unknown, message: RegExp) => {
    const { pool, work, resultOf, released } = await testPool(t, { memoryMb: 64 })
    const [before, bad, after] = [work('echo'), work(handler, input), work('echo')]
    pool.run([before, bad, after])

    t.like(await resultOf(before.key), { ok: true })
    const result = (await resultOf(bad.key)) as Result & { ok: false }
    t.like(result, { ok: false, crashed: true, error: { name: 'ChildCrashed' } })
    t.regex(result.error.message, message)
    t.like(await resultOf(after.key), { ok: true }, 'another child goes on')
    t.true(released.includes(after.key))
    t.is(pool.stats().deaths, 1)
  },
  title: (_, handler, input) => `${handler} ${JSON.stringify(input)} costs its own attempt only`,
})
test(death, 'exits', { code: 0 }, /^called process\.exit\(0\): its process ended with exit code 0$/)
test(death, 'exits', { code: 1 }, /^called process\.exit\(1\): its process ended with exit code 1$/)
test(death, 'kills-itself', { signal: 'SIGKILL' }, /ended with signal SIGKILL while it ran/)
test(death, 'aborts-process', {}, /ended with signal SIGABRT while it ran/)
test(death, 'eats-memory', {}, /signal SIG\w+ while it ran: the heap was full/)

test('of several that run in a child that dies all are lost, and the guilty is told', async t => {
  const { pool, work, resultOf, logged } = await testPool(t, { slots: 2 })
  const [neighbour, bad] = [work('hangs'), work('exits', { code: 7 })]
  pool.run([neighbour])
  await logged(neighbour.key, 'hangs')
  pool.run([bad])
  t.like(await resultOf(bad.key), {
    crashed: true,
    error: { message: 'called process.exit(7): its process ended with exit code 7' },
  })
  t.like(await resultOf(neighbour.key), {
    crashed: true,
    error: { message: 'its process ended with exit code 7 while it ran, because a neighbour called process.exit' },
  })
})

test('a quick handler known for long that kills its child is the only one lost', async t => {
  const { pool, work, resultOf, released, run } = await testPool(t)
  for (let i = 0; i < 150; i++) await run('echo')
  const all = [work('echo'), work('kills-itself', { signal: 'SIGKILL' }), work('echo')]
  pool.run(all)
  t.like(await resultOf(all[0]!.key), { ok: true })
  t.like(await resultOf(all[1]!.key), { crashed: true })
  t.like(await resultOf(all[2]!.key), { ok: true })
  t.true(released.includes(all[2]!.key))
})

test('SIGTERM and SIGINT do not end a child', async t => {
  const { pool, run } = await testPool(t)
  const { pid } = pool.stats().children[0]!
  process.kill(pid, 'SIGTERM')
  process.kill(pid, 'SIGINT')
  t.like(JSON.parse(((await run('counts')) as Result & { ok: true }).output), { pid })
})

test('children that cannot start are an error', async t => {
  await t.throwsAsync(testPool(t, { env: { NODE_OPTIONS: '--no-such-option' } }), {
    message: /a child process did not start: exit code 9/,
  })
})

test('a child dies with its parent, even in a busy loop', async t => {
  const script = fileURLToPath(new URL('./kills-itself-while-a-child-loops.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script]).catch(error => error)
  const pid = Number(stdout)
  t.true(pid > 0)
  await gone(pid)
})
