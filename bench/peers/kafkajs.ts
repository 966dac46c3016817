import kafkajs from 'kafkajs'
import type { KafkaOptions } from '../../engine/client.ts'

const batch = 500
const value = 'x'.repeat(200)

/** What kafkajs does by itself: a topic of six partitions, records of 200 bytes, 500 a request, two requests under way. @returns records/s */
export const rawKafka = async (
  options: KafkaOptions,
  records: number,
): Promise<{ produce: number; consume: number }> => {
  const { kafka, topic, close } = await open(options)
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  const began = performance.now()
  let sent = 0
  const lane = async () => {
    while (sent < records) {
      sent += batch
      await producer.send({ topic, acks: 1, messages: Array.from({ length: batch }, () => ({ value })) })
    }
  }
  await Promise.all([lane(), lane()])
  const produce = (records / (performance.now() - began)) * 1000
  await producer.disconnect()

  const consumer = kafka.consumer({ groupId: topic })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let seen = 0
  let first = 0
  const all = Promise.withResolvers<void>()
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 6,
    eachBatch: async ({ batch }) => {
      first ||= performance.now()
      seen += batch.messages.length
      if (seen >= records) all.resolve()
    },
  })
  await all.promise
  const consume = (records / (performance.now() - first)) * 1000
  await consumer.disconnect()
  await close()
  return { produce, consume }
}

/** One record at a time, from before its `send` to the batch that has it; with the settings that tq uses. @returns ms of each */
export const bareTrips = async (options: KafkaOptions, trips: number): Promise<number[]> => {
  const { kafka, topic, close } = await open(options)
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  const consumer = kafka.consumer({
    groupId: topic,
    maxWaitTimeInMs: 500,
    heartbeatInterval: 500,
    sessionTimeout: 10_000,
  })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic, fromBeginning: false })
  let arrived = () => {}
  const joined = Promise.withResolvers<void>()
  consumer.on('consumer.group_join', () => joined.resolve())
  await consumer.run({ autoCommit: false, partitionsConsumedConcurrently: 6, eachBatch: async () => arrived() })
  await joined.promise
  const times: number[] = []
  for (let i = 0; i < trips + 12; i++) {
    const began = performance.now()
    const send = () => void producer.send({ topic, acks: 1, messages: [{ value: '{}', partition: i % 6 }] })
    const again = setInterval(send, 1000) // what is sent before a partition's first fetch is never seen
    await new Promise<void>(resolve => {
      arrived = resolve
      send()
    })
    clearInterval(again)
    if (i >= 12) times.push(performance.now() - began)
  }
  await Promise.all([producer.disconnect(), consumer.disconnect()])
  await close()
  return times
}

const open = async (options: KafkaOptions) => {
  const kafka = new kafkajs.Kafka({ clientId: 'bench', brokers: options.brokers, logLevel: kafkajs.logLevel.NOTHING })
  const topic = `bench-${Math.random().toString(36).slice(2)}`
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 6, replicationFactor: 1 }] })
  return {
    kafka,
    topic,
    async close() {
      await admin.deleteTopics({ topics: [topic] })
      await admin.disconnect()
    },
  }
}
