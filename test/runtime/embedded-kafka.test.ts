import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startKafka } from '../../engine/runtime/embedded-kafka.ts'
import { kafkaClient, kafkaTest, ownKafka, ownKafkaTest, testKafka } from '../support/kafka.ts'
import type { KafkaAccess } from '../support/kafka.ts'
import { gone } from '../support/process.ts'

const produce = async (access: KafkaAccess, topic: string, ...values: string[]): Promise<void> => {
  const kafka = kafkaClient(access)
  const admin = kafka.admin()
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await Promise.all([admin.connect(), producer.connect()])
  try {
    await admin.createTopics({ topics: [{ topic }] })
    await producer.send({ topic, messages: values.map(value => ({ value })) })
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()])
  }
}

/** The first values of a topic. */
const consume = async (access: KafkaAccess, topic: string, count: number): Promise<string[]> => {
  const consumer = kafkaClient(access).consumer({ groupId: `${topic}.${Math.random()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const all = Promise.withResolvers<void>()
  const values: string[] = []
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      if (values.push(String(message.value)) === count) all.resolve()
    },
  })
  await all.promise
  await consumer.disconnect()
  return values
}

const topics = async (access: KafkaAccess): Promise<string[]> => {
  const admin = kafkaClient(access).admin()
  try {
    await admin.connect()
    return await admin.listTopics()
  } finally {
    await admin.disconnect()
  }
}

kafkaTest('the shared Kafka carries what is produced', async t => {
  const { namespace, ...access } = await testKafka(t)
  await produce(access, `${namespace}.a`, 'one', 'two')
  t.deepEqual(await consume(access, `${namespace}.a`, 2), ['one', 'two'])
})

ownKafkaTest.serial('a killed Kafka starts again at its address with its data', async t => {
  const kafka = await ownKafka(t)
  await produce(kafka, 'a', 'one')
  await kafka.kill()
  await t.throwsAsync(topics(kafka))
  await kafka.start()
  await produce(kafka, 'a', 'two')
  t.deepEqual(await consume(kafka, 'a', 2), ['one', 'two'])
})

ownKafkaTest.serial('a stopped Kafka can be started again', async t => {
  const kafka = await ownKafka(t)
  await produce(kafka, 'a', 'one')
  await kafka.stop()
  await kafka.start()
  t.deepEqual(await consume(kafka, 'a', 1), ['one'])
})

ownKafkaTest.serial('a suspended Kafka answers once it is resumed', async t => {
  const kafka = await ownKafka(t)
  kafka.suspend()
  const answer = topics(kafka)
  t.is(await Promise.race([answer, new Promise(resolve => setTimeout(resolve, 200, 'nothing'))]), 'nothing')
  kafka.resume()
  t.deepEqual(await answer, [])
})

ownKafkaTest.serial('clients of a proxied Kafka are sent through the proxy', async t => {
  const kafka = await ownKafka(t, { proxied: true })
  t.is(kafka.brokers, `127.0.0.1:${kafka.proxy.port}`)
  await produce(kafka, 'a', 'one')
  kafka.proxy.refuse()
  await t.throwsAsync(produce(kafka, 'a', 'two'))
  await kafka.proxy.accept()
  await produce(kafka, 'a', 'three')
  t.deepEqual(await consume(kafka, 'a', 2), ['one', 'three'])
})

for (const security of ['plain', 'scram', 'tls', 'tls-plain', 'tls-scram'] as const)
  ownKafkaTest.serial(`a Kafka secured by ${security} takes those who know how, and nobody else`, async t => {
    const kafka = await ownKafka(t, { security })
    await produce(kafka, 'a', 'one')
    t.deepEqual(await consume(kafka, 'a', 1), ['one'])
    await t.throwsAsync(topics({ brokers: kafka.brokers }))
    if (kafka.sasl) {
      const guess = { ...kafka, sasl: { ...kafka.sasl, password: 'guess' } }
      await t.throwsAsync(topics(guess), { message: /[Aa]uthentication|credentials/ })
    }
  })

ownKafkaTest.serial('a second start on the folder says who has it', async t => {
  const kafka = await startKafka()
  t.teardown(kafka.stop)
  await t.throwsAsync(startKafka({ dataDir: kafka.dataDir }), {
    message: new RegExp(`process ${process.pid} has already started Kafka on`),
  })
})

ownKafkaTest.serial('a port that is taken is said at once', async t => {
  const kafka = await startKafka()
  t.teardown(kafka.stop)
  await t.throwsAsync(startKafka({ port: kafka.port }), { message: new RegExp(`port ${kafka.port} .* is taken`) })
})

ownKafkaTest.serial('what Kafka says when it cannot start is in the error', async t => {
  await t.throwsAsync(startKafka({ properties: { 'num.io.threads': 'many' } }), {
    message: /Kafka did not start:\n.*Invalid value many/s,
  })
})

ownKafkaTest.serial(
  'Kafka ends with the process that started it, also when that is killed, and leaves nothing',
  async t => {
    const script = fileURLToPath(new URL('./starts-kafka-and-waits.ts', import.meta.url))
    const killed = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: killed.stdout })[Symbol.asyncIterator]()
    const { pid, dataDir } = JSON.parse((await lines.next()).value ?? '') as { pid: number; dataDir: string }
    t.true(existsSync(dataDir))
    killed.kill('SIGKILL')
    await gone(pid)
    while (existsSync(dataDir)) await new Promise(resolve => setTimeout(resolve, 10))
    t.pass()
  },
)
