import test from 'ava'
import { type TestEngine, testEngine, until } from '../support/engine.ts'
import { startWorker } from '../support/worker.ts'
import { project, tqHere } from './support.ts'

/** `tq inspect` and `tq control` over real worker processes; each test has a database of its own. */
const dir = project()

type Answer = { worker: string; session: number; pid: number; answer?: unknown; error?: string }

const installation = async (t: { teardown(end: () => unknown): void }) => {
  const engine: TestEngine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  const { url } = engine
  const env = { TQ_DATABASE_URL: url }
  return {
    engine,
    tq: (...args: string[]) => tqHere(dir, args, env),
    worker: (name: string, more: Record<string, string> = {}) => startWorker(t, { url, TQ_WORKER_NAME: name, ...more }),
    async ask(...args: string[]): Promise<Answer[]> {
      const { stdout, stderr } = await tqHere(dir, [...args, '--timeout', '20s', '-o', 'json'], env)
      if (!stdout.startsWith('[')) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`)
      return JSON.parse(stdout) as Answer[]
    },
  }
}

test('ping: every worker answers, within 300 ms', async t => {
  const { tq, worker, ask } = await installation(t)
  const [one, two] = await Promise.all([worker('one'), worker('two')])
  await ask('inspect', 'ping')
  const asked = performance.now()
  const { exitCode, stdout } = await tq('inspect', 'ping')
  const ms = performance.now() - asked
  t.is(exitCode, 0)
  t.regex(stdout, /^one +.*pong\ntwo +.*pong$/m)
  t.true(ms < 300, `${ms} ms`)
  t.deepEqual(
    (await ask('inspect', 'ping')).map(({ worker, pid, answer }) => ({ worker, pid, answer })),
    [
      { worker: 'one', pid: one.pid, answer: { ok: 'pong' } },
      { worker: 'two', pid: two.pid, answer: { ok: 'pong' } },
    ],
  )
  t.deepEqual(
    (await ask('inspect', 'ping', '-d', 'two')).map(({ worker }) => worker),
    ['two'],
  )
})

test('no worker: exit 69 when the time is over, with what to do', async t => {
  const { tq } = await installation(t)
  const asked = performance.now()
  const { exitCode, stdout, stderr } = await tq('inspect', 'ping', '--timeout', '2s')
  const ms = performance.now() - asked
  t.is(exitCode, 69)
  t.is(stdout, '')
  t.regex(stderr, /no worker answered "ping" within 2s: no worker is up.*tq worker/)
  t.true(ms < 2500, `${ms} ms`)
  const json = await tq('control', 'pool-grow', '1', '--timeout', '50ms', '-o', 'json')
  t.is(json.exitCode, 69)
  t.like(JSON.parse(json.stdout), { error: { code: 'NO_REPLY', live: 0 } })
})

test('a worker that was stopped when a command was given obeys it when it goes on, also past its lease', async t => {
  const { tq, worker, ask, engine } = await installation(t)
  for (const [name, lease] of [
    ['stopped', '60s'],
    ['expired', '500ms'],
  ] as const) {
    const away = await worker(name, { TQ_LEASE: lease })
    away.signal('SIGSTOP')
    const { exitCode, stderr } = await tq('control', 'pool-grow', '2', '-d', name, '--timeout', '100ms')
    t.is(exitCode, 69)
    t.regex(stderr, /obeys when it is back/)
    if (name === 'expired')
      await until(
        async () =>
          (await engine.sql`select from session where worker = ${name} and lease_ends_at < clock_now()`).length,
      )
    const continued = performance.now()
    away.signal('SIGCONT')
    await until(() => away.children().length === 3)
    t.true(performance.now() - continued < 10_000)
    const [stats] = await ask('inspect', 'stats', '-d', name)
    t.is((stats!.answer as { pool: { children: unknown[] } }).pool.children.length, 3)
  }
})

test('pool-grow and pool-shrink change the number of children, never below one', async t => {
  const { tq, worker, ask } = await installation(t)
  const one = await worker('one')
  t.deepEqual((await ask('control', 'pool-grow', '2'))[0]!.answer, { children: 3 })
  await until(() => one.children().length === 3)
  t.deepEqual((await ask('control', 'pool-shrink'))[0]!.answer, { children: 2 })
  await until(() => one.children().length === 2)
  const { exitCode, stdout } = await tq('control', 'pool-shrink', '2')
  t.is(exitCode, 1)
  t.regex(stdout, /one .*error: .*2 children.*drain/)
  t.is((await tq('control', 'pool-grow', 'many')).exitCode, 2)
  t.regex((await tq('get', 'workers')).stdout, /^one +\S+ +\d+ +0 +2 /m)
})
