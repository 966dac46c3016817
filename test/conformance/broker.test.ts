import test from 'ava'
import pg from 'pg'
import { type Broker, brokers, type Control, type Hint } from '../../engine/broker/index.ts'
import { channelOf } from '../../engine/broker/postgres.ts'
import { until } from '../support/engine.ts'
import { testDatabase } from '../support/postgres.ts'

/** The contract of the port, for every broker there is. */
for (const [name, open] of Object.entries(brokers)) {
  const pair = async (t: { teardown(end: () => unknown): void }) => {
    const { url } = await testDatabase()
    const both = await Promise.all([open({ databaseUrl: url, schema: 'tq' }), open({ databaseUrl: url, schema: 'tq' })])
    t.teardown(() => Promise.all(both.map(broker => broker.close())))
    return { url, one: both[0]!, other: both[1]! }
  }
  const hear = async (broker: Broker, queues: number[]) => {
    const heard: Hint[] = []
    const listening = await broker.listen(queues, hints => heard.push(...hints))
    return { heard, queues: () => new Set(heard.map(hint => hint.queue)), stop: listening.stop }
  }

  test(`${name}: a hint reaches who listens to its queue, here and in other processes, and nobody else`, async t => {
    const { one, other } = await pair(t)
    const [here, there, elsewhere] = [await hear(one, [1, 2]), await hear(other, [2, 3]), await hear(other, [9])]
    one.ring([{ queue: 2 }, { queue: 3, jobs: [{ run: '00000000-0000-7000-8000-000000000000', n: 1, attempt: 0 }] }])
    await until(() => here.queues().has(2) && there.queues().has(2) && there.queues().has(3))
    other.ring([{ queue: 1 }])
    await until(() => here.queues().has(1))
    t.deepEqual(elsewhere.heard, [])
    t.false(here.queues().has(3))
  })

  test(`${name}: rings in quick succession are all heard of, in fewer messages`, async t => {
    const { one, other } = await pair(t)
    const queues = Array.from({ length: 500 }, (_, i) => i + 1)
    const there = await hear(other, queues)
    for (const queue of queues) one.ring([{ queue }])
    await until(() => there.queues().size === 500)
    t.pass()
  })

  test(`${name}: who has stopped listening hears nothing more`, async t => {
    const { one, other } = await pair(t)
    const [stopped, going] = [await hear(other, [1]), await hear(other, [1, 2])]
    await stopped.stop()
    one.ring([{ queue: 1 }])
    await until(() => going.queues().has(1))
    t.deepEqual(stopped.heard, [])
  })

  test(`${name}: a control message reaches all, whole`, async t => {
    const { one, other } = await pair(t)
    const heard: Control[][] = [[], [], []]
    await one.onControl(message => heard[0]!.push(message))
    await other.onControl(message => heard[1]!.push(message))
    await other.onControl(message => heard[2]!.push(message))
    const jobs = Array.from({ length: 200 }, (_, i) => ({ n: 1_000_000 + i, session: 1000 }))
    const messages: Control[] = [
      { type: 'cancel', run: '00000000-0000-7000-8000-000000000000', jobs },
      { type: 'queues' },
      { type: 'timers' },
      { type: 'commands' },
    ]
    for (const message of messages) one.broadcast(message)
    await until(() => heard.every(list => list.length === messages.length))
    for (const list of heard) t.deepEqual(list, messages)
  })

  test(`${name}: ring and broadcast never throw: not when closed, not without a database, not with messages too large`, async t => {
    const { url } = await testDatabase()
    const broker = await open({ databaseUrl: url, schema: 'tq' })
    const many = Array.from({ length: 2000 }, (_, n) => ({ n, session: 1 }))
    t.notThrows(() => broker.broadcast({ type: 'cancel', run: 'x', jobs: many }))
    await broker.close()
    t.notThrows(() => {
      broker.ring([{ queue: 1 }])
      broker.broadcast({ type: 'queues' })
    })
    await broker.close()
  })

  test(`${name}: a broker that loses its connection comes back and says that anything may have happened`, async t => {
    const { url, one, other } = await pair(t)
    const there = await hear(other, [1, 2])
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    t.teardown(() => client.end())
    t.is(other.health().state, 'up')
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    await until(() => there.queues().has(1) && there.queues().has(2))
    await until(() => one.health().state === 'up' && other.health().state === 'up')
    there.heard.length = 0
    one.ring([{ queue: 2 }])
    await until(() => there.queues().has(2))
    t.pass()
  })
}

test('postgres: what others write into its channel and is no message is dropped', async t => {
  const { url } = await testDatabase()
  const broker = await brokers.postgres!({ databaseUrl: url, schema: 'tq' })
  t.teardown(() => broker.close())
  const hints: Hint[] = []
  const controls: Control[] = []
  await broker.listen([1, 2], found => hints.push(...found))
  await broker.onControl(message => controls.push(message))
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  const bad = [
    'c:',
    'c:{',
    'c:null',
    'c:[]',
    'c:{"type":7}',
    'c:{"type":"unknown"}',
    'c:{"type":"cancel"}',
    'c:{"type":"cancel","run":"x","jobs":7}',
    'x',
    'NaN,-1',
    ',,,',
    '1e9',
    "'; drop table job",
  ]
  for (const payload of [...bad, '2', 'c:{"type":"queues"}'])
    await client.query('select pg_notify($1, $2)', [channelOf('tq'), payload])
  await until(() => controls.some(message => message.type === 'queues'))
  t.deepEqual(controls, [{ type: 'queues' }])
  t.deepEqual(hints, [{ queue: 2 }])
})
