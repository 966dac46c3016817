import test, { type ExecutionContext } from 'ava'
import { ask } from '../../../engine/runtime/command/ask.ts'
import { documents, newJournal, testEngine, type TestEngine, until, workflow } from '../../support/engine.ts'
import { kafkaClient, kafkaOptions, type OwnKafka, ownKafka, ownKafkaTest } from '../../support/kafka.ts'
import { startWorker } from '../../support/worker.ts'

/** What a worker's process makes of what it meets in Kafka. One Kafka for the file; each test has a prefix of its own. */
const ends: (() => unknown)[] = []
let shared: Promise<OwnKafka> | undefined
const theKafka = () =>
  (shared ??= ownKafka({ teardown: end => void ends.unshift(end) }, { properties: { 'message.max.bytes': '4000000' } }))
test.after.always(async () => {
  for (const end of ends) await end()
})

const opened = async (t: ExecutionContext, prefix: string) => {
  const kafka = await theKafka()
  const engine = await testEngine({ idle: true, kafka: { ...kafkaOptions(kafka), topicPrefix: prefix } })
  t.teardown(engine.stop)
  const journal = newJournal()
  await engine.applyYaml(
    documents(
      workflow('Chain', 'short', 'steps: [{ task: echo, with: 7 }, { task: echo }]'),
      workflow(
        'Chain',
        'long',
        `
        steps:
          - { task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }
          - { task: echo, with: done }
        `,
      ),
    ),
  )
  const env = { url: engine.url, TQ_KAFKA_BROKERS: kafka.brokers, TQ_KAFKA_TOPIC_PREFIX: prefix, TQ_SLOTS: '2' }
  return { kafka, engine, journal, env, topic: `${prefix}.default.q.default` }
}

/** The health of workers' brokers, by pid: they say it themselves. */
const healths = async ({ context }: TestEngine) => {
  const { answers } = await ask(context, { type: 'stats', body: {}, workers: null, timeoutMs: 10_000, lasting: false })
  return answers.map(answer => {
    const { broker } = (answer as unknown as { answer: { broker: { state: string; refused: object } } }).answer
    return { pid: answer.pid, ...broker }
  })
}
const allUp = (engine: TestEngine) => until(async () => (await healths(engine)).every(({ state }) => state === 'up'))

ownKafkaTest.serial('garbage, 2 MB, version 99 and another namespace: counted, and nothing else happens', async t => {
  const { kafka, engine, journal, env, topic } = await opened(t, 'garbage')
  const worker = await startWorker(t, env)
  await allUp(engine)
  const id = await engine.start('long')
  await journal.seen('start a')
  const producer = kafkaClient(kafka).producer()
  await producer.connect()
  t.teardown(() => producer.disconnect())
  const reference = [[id, 2, 0]]
  const bad = [
    Buffer.from([0, 255, 123]),
    Buffer.alloc(2_000_000, 'x'),
    JSON.stringify({ v: 99, ns: 'default', jobs: reference }),
    JSON.stringify({ v: 1, ns: 'other', jobs: reference }),
  ]
  for (const value of bad) await producer.send({ topic, messages: [{ partition: 0, value }] })
  const expected = { unparsable: 1, oversized: 1, version: 1, namespace: 1 }
  const [health] = await until(async () => {
    const all = await healths(engine)
    return Object.keys(all[0]!.refused).length === 4 ? all : null
  })
  t.like(health, { pid: worker.pid, state: 'up', refused: expected })
  journal.open('go')
  t.like(await engine.ended(id), { state: 'succeeded', output: 'done' })
  t.like(await engine.run('short'), { state: 'succeeded', output: 7 })
})

ownKafkaTest.serial('two workers an hour apart, whose messages of that hour are gone: both work', async t => {
  const { kafka, engine, env, topic } = await opened(t, 'apart')
  const early = await startWorker(t, env)
  await allUp(engine)
  t.is((await engine.run('short')).state, 'succeeded')
  const admin = kafkaClient(kafka).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  const offsets = await admin.fetchTopicOffsets(topic)
  t.true(offsets.some(({ high }) => Number(high) > 0))
  await admin.deleteTopicRecords({
    topic,
    partitions: offsets.map(({ partition, high }) => ({ partition, offset: high })),
  })
  const late = await startWorker(t, env)
  await allUp(engine)
  await bothWork(t, engine, [early.pid, late.pid])
})

ownKafkaTest.serial('Kafka is down when workers start: they work by looking, and hear when it is up', async t => {
  const { kafka, engine, env } = await opened(t, 'down')
  await kafka.stop()
  const workers = [await startWorker(t, env), await startWorker(t, env)]
  await bothWork(
    t,
    engine,
    workers.map(({ pid }) => pid),
  )
  t.true((await healths(engine)).every(({ state }) => state === 'down'))
  await kafka.start()
  await allUp(engine)
  t.is((await engine.run('short')).state, 'succeeded')
  for (const { lines } of workers) {
    const said = lines.filter(({ msg }) => msg.startsWith('Kafka carries')).map(({ msg }) => msg.replace(/ \(.*/, ''))
    t.deepEqual(said, ['Kafka carries no hints', 'Kafka carries hints again'])
  }
})

/** Holds jobs until each worker has one. */
const bothWork = async (t: ExecutionContext, engine: TestEngine, pids: number[]) => {
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Group',
      'spread',
      `steps: [${`{ task: journal, with: { journal: "${journal.file}", name: s, gate: "${journal.gate('go')}" } }, `.repeat(4)}]`,
    ),
  )
  const id = await engine.start('spread')
  const busy = await until(async () => {
    const rows = await engine.sql<{ pid: number }>`
    select distinct pid from job join session on session.id = job.session where run = ${id}`
    return rows.length === pids.length ? rows : null
  })
  t.deepEqual(busy.map(({ pid }) => pid).sort(), pids.sort())
  journal.open('go')
  t.is((await engine.ended(id)).state, 'succeeded')
}
