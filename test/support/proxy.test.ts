import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { openProxy } from './proxy.ts'

/** A proxy before a server that sends back what it gets. */
const proxied = async (t: ExecutionContext) => {
  const echo = createServer(socket => socket.on('error', () => {}).pipe(socket))
  await once(echo.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => echo.close())
  const proxy = await openProxy(t, () => (echo.address() as AddressInfo).port)
  const client = async () => {
    const socket = connect(proxy.port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { echo, proxy, client }
}

const answer = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0])

test('a frozen proxy is silent on old connections and new ones, and hands over later what was sent', async t => {
  const { proxy, client } = await proxied(t)
  const before = await client()
  before.write('a')
  t.is(await answer(before), 'a')

  proxy.freeze()
  const during = await client()
  const answers = Promise.all([answer(before), answer(during)])
  before.write('b')
  during.write('c')
  t.is(await Promise.race([answers, sleep(50, 'silence')]), 'silence')

  proxy.thaw()
  t.deepEqual(await answers, ['b', 'c'])
})

test('that one end has gone is seen by the other when the proxy is thawed, and not before', async t => {
  const { echo, proxy, client } = await proxied(t)
  const [[far], near] = (await Promise.all([once(echo, 'connection'), client()])) as [[Socket], Socket]
  proxy.freeze()
  const closed = once(far, 'close').then(() => 'closed')
  near.destroy()
  t.is(await Promise.race([closed, sleep(50, 'silence')]), 'silence')
  proxy.thaw()
  t.is(await closed, 'closed')
})

test('connections are cut, new ones refused, and taken again', async t => {
  const { proxy, client } = await proxied(t)
  const old = await client()
  proxy.refuse()
  await t.throwsAsync(client(), { code: 'ECONNREFUSED' })
  old.write('a')
  t.is(await answer(old), 'a')

  const closed = once(old, 'close')
  proxy.cut()
  await closed
  await proxy.accept()
  const fresh = await client()
  fresh.write('b')
  t.is(await answer(fresh), 'b')
})

test('a muted proxy forwards what is sent and holds back the answer', async t => {
  const { echo, proxy, client } = await proxied(t)
  const [[far], near] = (await Promise.all([once(echo, 'connection'), client()])) as [[Socket], Socket]
  proxy.mute()
  const heard = once(far, 'data')
  const answered = answer(near)
  near.write('a')
  t.is(String((await heard)[0]), 'a')
  t.is(await Promise.race([answered, sleep(50, 'silence')]), 'silence')
  proxy.thaw()
  t.is(await answered, 'a')
})

test('stranded connections stay open and silent, new ones are served', async t => {
  const { echo, proxy, client } = await proxied(t)
  const [[far], old] = (await Promise.all([once(echo, 'connection'), client()])) as [[Socket], Socket]
  proxy.strand()
  const fresh = await client()
  const closed = once(old, 'close').then(() => 'closed')
  old.write('a')
  fresh.write('b')
  t.is(await answer(fresh), 'b')
  far.destroy()
  t.is(await Promise.race([answer(old), closed, sleep(50, 'silence')]), 'silence')
})
