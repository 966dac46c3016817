import test from 'ava'
import { testEngine, until } from '../support/engine.ts'
import { testDatabase } from '../support/postgres.ts'
import { openProxy } from '../support/proxy.ts'
import { hookTo, postJson, runsOf, send, serve } from './support.ts'

/** A server whose way to the database is a proxy, and a way around it to look. */
const behindProxy = async (t: { teardown(end: () => unknown): void }, name: string) => {
  const { url } = await testDatabase()
  const direct = await testEngine({ url, idle: true })
  t.teardown(() => direct.stop())
  const proxy = await openProxy(t, () => Number(new URL(url).port))
  const proxied = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(proxy.port) })
  const engine = await testEngine({ url: proxied.href, idle: true })
  t.teardown(() => engine.stop())
  const spec = '  verify: none\n  idempotencyKey: "{{ trigger.body.n }}"\n  with: { body: "{{ trigger.body }}" }'
  await direct.applyYaml(hookTo(name, spec))
  const server = await serve(engine)
  t.teardown(() => server.stop())
  return { direct, proxy, server, deliver: (n: number) => postJson(`${server.url}/hooks/${name}`, { n }) }
}

test('with the database away deliveries are 503, and when it is back each that is sent again is one run', async t => {
  const { direct, proxy, server, deliver } = await behindProxy(t, 'away')
  t.is((await deliver(0)).status, 202)

  proxy.refuse()
  proxy.cut()
  const orders = Array.from({ length: 20 }, (_, n) => n)
  const refused = await Promise.all(orders.map(deliver))
  for (const { status, body, headers } of refused) {
    t.is(status, 503)
    t.is(body.code, 'DATABASE_UNREACHABLE')
    t.truthy(headers.get('retry-after'))
  }
  t.is((await fetch(`${server.url}/livez`)).status, 200)
  t.is((await fetch(`${server.url}/readyz`)).status, 503)
  t.is((await send(`${server.url}/hooks/nowhere`, { method: 'POST' })).status, 401)

  await proxy.accept()
  await until(async () => (await fetch(`${server.url}/readyz`)).status === 200)
  const answers = await Promise.all(orders.map(deliver))
  for (const { status } of answers) t.is(status, 202)
  t.is(await runsOf(direct, 'away'), 20)
  // What was rejected meanwhile is not forgotten.
  await until(async () => {
    const [row] = await direct.sql<{ requests: number }>`
    select requests::int from hook_rejection where hook = '' and reason = 'unknown-path'`
    return row?.requests === 1
  })
})

test('deliveries whose answer was lost on the way are one run when they are sent again', async t => {
  const { direct, proxy, deliver } = await behindProxy(t, 'lost')
  t.is((await deliver(0)).status, 202)

  proxy.mute() // the statement gets there, its answer does not get back
  const lost = deliver(1)
  await until(async () => (await runsOf(direct, 'lost')) === 2)
  proxy.cut()
  t.is((await lost).status, 503)
  proxy.thaw()
  const again = await until(async () => {
    const answer = await deliver(1)
    return answer.status === 202 ? answer : null
  })
  t.true(again.body.duplicate)
  t.is(await runsOf(direct, 'lost'), 2)
})
