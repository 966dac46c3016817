import test from 'ava'
import { testEngine, until } from '../support/engine.ts'
import { postJson, runsOf, send } from '../http/support.ts'
import { printed, project, type Running, tq } from './support.ts'

const yaml = (name: string) => `
apiVersion: tq/v1
kind: Chain
metadata: { name: ${name} }
spec: { inputs: { order: {} }, steps: [{ task: noop }] }
---
apiVersion: tq/v1
kind: Hook
metadata: { name: ${name} }
spec:
  path: /${name}
  verify: none
  idempotencyKey: "{{ trigger.body.order }}"
  workflow: ${name}
  with: { order: "{{ trigger.body.order }}" }
`

/** A database with a hook in it, and no worker. */
const database = async (t: { teardown(end: () => unknown): void }, name: string) => {
  const engine = await testEngine({ idle: true })
  t.teardown(() => engine.stop())
  await engine.applyYaml(yaml(name))
  return engine
}

/** `tq server` in a process of its own, up. */
const server = async (url: string, ...args: string[]): Promise<{ running: Running; url: string }> => {
  const running = tq(project(), ['server', '--port', '0', '-o', 'json', ...args], { env: { TQ_DATABASE_URL: url } })
  const text = await printed(running, '"msg":"ready"')
  const ready = text.split('\n').find(line => line.includes('"msg":"ready"'))!
  return { running, url: (JSON.parse(ready) as { url: string }).url }
}

const stopped = test.macro(async (t, signal: 'SIGTERM' | 'SIGKILL') => {
  const engine = await database(t, 'stopped')
  const orders = Array.from({ length: 50 }, (_, i) => i)
  let first = await server(engine.url)
  const stopped = Promise.withResolvers<void>()
  const accepted = new Set<number>()
  const deliver = async (url: string, order: number): Promise<void> => {
    const answer = await postJson(`${url}/hooks/stopped`, { order }).catch(() => null)
    if (answer?.status === 202) {
      accepted.add(order)
      stopped.resolve() // the signal comes while others are under way
    } else if (answer) t.is(answer.status, 503)
  }
  const some = orders.slice(0, 25).map(order => deliver(first.url, order))
  await stopped.promise
  first.running.kill(signal)
  const others = orders.slice(25).map(order => deliver(first.url, order))
  await Promise.all([...some, ...others])
  t.is((await first.running).exitCode, signal === 'SIGTERM' ? 0 : undefined)
  t.true(accepted.size > 0)
  const rows = await engine.sql<{
    order: number
  }>`select (input ->> 'order')::int as order from run where name = 'stopped'`
  const there = new Set(rows.map(row => row.order))
  for (const order of accepted) t.true(there.has(order), `${order} was answered 202`)

  first = await server(engine.url)
  await Promise.all(orders.filter(order => !accepted.has(order)).map(order => deliver(first.url, order)))
  first.running.kill('SIGTERM')
  t.is((await first.running).exitCode, 0)
  t.is(accepted.size, 50)
  t.is(await runsOf(engine, 'stopped'), 50)
})
test(
  'with SIGTERM among fifty deliveries, those answered 202 are there, and the others can be sent again',
  stopped,
  'SIGTERM',
)
test('with SIGKILL as well', stopped, 'SIGKILL')

test('of two servers at once, whichever is asked: fifty identical deliveries start one run', async t => {
  const engine = await database(t, 'shared')
  const servers = await Promise.all([server(engine.url), server(engine.url)])
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => postJson(`${servers[i % 2]!.url}/hooks/shared`, { order: 1 })),
  )
  t.deepEqual(new Set(answers.map(answer => answer.status)), new Set([202]))
  t.is(new Set(answers.map(answer => answer.body.id)).size, 1)
  t.is(await runsOf(engine, 'shared'), 1)
  for (const { running } of servers) running.kill('SIGTERM')
  for (const { running } of servers) t.is((await running).exitCode, 0)
})

test('of a burst of deliveries, each sent twice to different servers, each is one run', async t => {
  const engine = await database(t, 'burst')
  const servers = await Promise.all([server(engine.url), server(engine.url)])
  const ids = new Map<number, Set<unknown>>()
  const deliver = async (order: number, at: number) => {
    const { status, body } = await postJson(`${servers[at]!.url}/hooks/burst`, { order })
    t.is(status, 202)
    ids.set(order, (ids.get(order) ?? new Set()).add(body.id))
  }
  await Promise.all(Array.from({ length: 1000 }, (_, i) => deliver(i >> 1, i % 2)))
  t.is(ids.size, 500)
  for (const [order, found] of ids) t.is(found.size, 1, `${order}`)
  t.is(await runsOf(engine, 'burst'), 500)
  for (const { running } of servers) running.kill('SIGTERM')
  await Promise.all(servers.map(one => one.running))
})

test('a server is ready while the database answers, and alive without it', async t => {
  const engine = await database(t, 'healthy')
  const { running, url } = await server(engine.url)
  t.is((await fetch(`${url}/readyz`)).status, 200)
  t.like((await send(`${url}/readyz?verbose`)).body, { ready: true, checks: { database: { ok: true } } })
  await engine.sql.script('alter table migration rename to moved')
  await until(async () => (await fetch(`${url}/readyz`)).status === 503)
  t.like((await send(`${url}/readyz?verbose`)).body, { ready: false, checks: { database: { ok: false } } })
  t.is((await fetch(`${url}/livez`)).status, 200)
  await engine.sql.script('alter table moved rename to migration')
  await until(async () => (await fetch(`${url}/readyz`)).status === 200)
  running.kill('SIGTERM')
  t.is((await running).exitCode, 0)
})

test('a port that is taken is told, with the way out', async t => {
  const engine = await database(t, 'taken')
  const { running, url } = await server(engine.url)
  const second = await tq(project(), ['server', '--port', new URL(url).port], { env: { TQ_DATABASE_URL: engine.url } })
  t.is(second.exitCode, 2)
  t.regex(second.stderr, /EADDRINUSE.*--port/)
  const wrong = await tq(project(), ['server', '--port', 'eighty'], { env: { TQ_DATABASE_URL: engine.url } })
  t.is(wrong.exitCode, 2)
  running.kill('SIGTERM')
  await running
})
