import test, { type ExecutionContext } from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Broker, type BrokerOptions, type Control, type Hint, openBroker } from '../../engine/broker/index.ts'
import { channelOf } from '../../engine/broker/postgres.ts'
import { until } from '../support/engine.ts'
import { kafkaOptions, kafkaTest, ownKafka, ownKafkaTest, testKafka } from '../support/kafka.ts'
import { testDatabase } from '../support/postgres.ts'

const queue = async (id: number) => ({ name: `q${id}`, topic: { partitions: 3 } })
const onPostgres = async () => ({ databaseUrl: (await testDatabase()).url, schema: 'tq', namespace: 'default', queue })
const onKafka = async (t: ExecutionContext) => {
  const access = await testKafka(t)
  return { databaseUrl: '', schema: 'tq', namespace: access.namespace, queue, kafka: kafkaOptions(access) }
}

const opened = async (t: ExecutionContext, options: BrokerOptions): Promise<Broker> => {
  const broker = await openBroker(options)
  t.teardown(() => broker.close())
  return broker
}
const hear = async (broker: Broker, queues: number[]) => {
  const heard: Hint[] = []
  const listening = await broker.listen(queues, hints => heard.push(...hints))
  return { heard, queues: () => new Set(heard.map(hint => hint.queue)), stop: listening.stop }
}
/** Once it hears, it says of all its queues that anything may have happened: those hints are none that was rung. */
const hearing = async (...ears: { heard: Hint[] }[]) => {
  for (const { heard } of ears) heard.length = 0
}
/** Rings until it is heard: one hint may be lost, as when partitions are given out anew because another has joined. */
const ringUntil = (broker: Broker, hints: Hint[], heard: () => boolean) =>
  until(async () => {
    broker.ring(hints)
    await sleep(100)
    return heard()
  })
const up = (...brokers: Broker[]) => until(() => brokers.every(broker => broker.health().state === 'up'))

/** The contract of the port, for every broker there is. */
for (const [name, declare, options, many] of [
  ['postgres', test, onPostgres, 500],
  ['kafka', kafkaTest, onKafka, 6],
] as const) {
  const declared = declare as (title: string, run: (t: ExecutionContext) => Promise<void>) => void
  const pair = async (t: ExecutionContext) => {
    const given = await options(t)
    return [await opened(t, given), await opened(t, given)] as const
  }

  declared(
    `${name}: a hint reaches who listens to its queue, here and in other processes, and nobody else`,
    async t => {
      const [one, other] = await pair(t)
      const [here, there, elsewhere] = [await hear(one, [1, 2]), await hear(other, [2, 3]), await hear(other, [9])]
      await up(one, other)
      await hearing(here, there, elsewhere)
      const named = { queue: 3, jobs: [{ run: '00000000-0000-7000-8000-000000000000', n: 1, attempt: 0 }] }
      await ringUntil(
        one,
        [{ queue: 2 }, named],
        () => here.queues().has(2) && there.queues().has(2) && there.queues().has(3),
      )
      await ringUntil(other, [{ queue: 1 }], () => here.queues().has(1))
      t.deepEqual(elsewhere.heard, [])
      t.false(here.queues().has(3))
    },
  )

  declared(`${name}: rings in quick succession are all heard of, in fewer messages`, async t => {
    const [one, other] = await pair(t)
    const queues = Array.from({ length: many }, (_, i) => i + 1)
    const there = await hear(other, queues)
    await up(other)
    await hearing(there)
    for (let i = 0; i < 500; i++) one.ring([{ queue: queues[i % many]! }])
    await until(() => there.queues().size === many)
    t.true(there.heard.length <= 500)
  })

  declared(`${name}: who has stopped listening hears nothing more`, async t => {
    const [one, other] = await pair(t)
    const [stopped, going] = [await hear(other, [1]), await hear(other, [1, 2])]
    await up(other)
    await stopped.stop()
    await hearing(stopped, going)
    one.ring([{ queue: 1 }])
    await until(() => going.queues().has(1))
    t.deepEqual(stopped.heard, [])
  })

  declared(`${name}: a control message reaches all, whole`, async t => {
    const [one, other] = await pair(t)
    const heard: Control[][] = [[], [], []]
    await one.onControl(message => heard[0]!.push(message))
    await other.onControl(message => heard[1]!.push(message))
    await other.onControl(message => heard[2]!.push(message))
    await up(one, other)
    for (const list of heard) list.length = 0
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

  declared(
    `${name}: ring and broadcast never throw: not when closed, not without a database, not with messages too large`,
    async t => {
      const broker = await openBroker(await options(t))
      const jobs = Array.from({ length: 20_000 }, (_, n) => ({ n, session: 1 }))
      t.notThrows(() => broker.broadcast({ type: 'cancel', run: 'x', jobs }))
      await broker.close()
      t.notThrows(() => {
        broker.ring([{ queue: 1 }])
        broker.broadcast({ type: 'queues' })
      })
      await broker.close()
    },
  )
}

test('postgres: a broker that loses its connection comes back and says that anything may have happened', async t => {
  const given = await onPostgres()
  const [one, other] = [await opened(t, given), await opened(t, given)]
  const there = await hear(other, [1, 2])
  const client = new pg.Client({ connectionString: given.databaseUrl })
  await client.connect()
  t.teardown(() => client.end())
  t.is(other.health().state, 'up')
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  await until(() => there.queues().has(1) && there.queues().has(2))
  await up(one, other)
  await hearing(there)
  one.ring([{ queue: 2 }])
  await until(() => there.queues().has(2))
  t.pass()
})

ownKafkaTest(
  'kafka: a broker whose cluster is killed says so, comes back, and says that anything may have happened',
  async t => {
    const kafka = await ownKafka(t)
    const given = { databaseUrl: '', schema: 'tq', namespace: 'default', queue, kafka: kafkaOptions(kafka) }
    const [one, other] = [await opened(t, given), await opened(t, given)]
    const there = await hear(other, [1, 2])
    await up(other)
    await kafka.kill()
    await until(() => other.health().state !== 'up')
    t.notThrows(() => one.ring([{ queue: 2 }]))
    await hearing(there)
    await kafka.start()
    await until(() => there.queues().has(1) && there.queues().has(2))
    await up(one, other)
    await hearing(there)
    await ringUntil(one, [{ queue: 2 }], () => there.queues().has(2))
  },
)

test('postgres: what others write into its channel and is no message is dropped', async t => {
  const { url } = await testDatabase()
  const broker = await opened(t, { databaseUrl: url, schema: 'tq', namespace: 'default', queue })
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
