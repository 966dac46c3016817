import { createHash } from 'node:crypto'
import type { Event } from '../index.ts'
import type { KafkaClient, Message, Producer } from './client.ts'
import type { Topics } from './topics.ts'

export type Publisher = { publish(events: Event[]): Promise<void>; close(): Promise<void> }

/** Bytes of one record of many events; a cluster takes a megabyte by default. */
const maxBytes = 500_000

/**
 * Writes events to the events topic, each run's and each worker's in one partition, so in their order. Events of runs and
 * workers are records of their own, CloudEvents in binary mode; those of jobs are many, and a record each would cost more
 * than the job: a partition's go as one batch in JSON. Acknowledged by all replicas.
 */
export const openPublisher = (
  client: KafkaClient,
  topics: Topics,
  topic: string,
  ready: () => Promise<void>,
): Publisher => {
  let producer: Promise<Producer> | null = null
  return {
    async publish(events) {
      await ready()
      const partitions = await topics.partitions(topic)
      if (partitions === undefined) throw new Error(`topic ${topic} does not exist, or Kafka does not answer`)
      const messages = [...Map.groupBy(events, event => partitionOf(event.stream, partitions))].flatMap(
        ([partition, own]) => messagesOf(own).map((message): Message => ({ partition, ...message })),
      )
      const current = (producer ??= client.producer())
      try {
        await (await current).send(topic, messages, { all: true })
      } catch (error) {
        producer = null
        topics.forget(topic)
        void current.then(old => old.close()).catch(() => {})
        throw error
      }
    },
    async close() {
      await producer?.then(open => open.close()).catch(() => {})
    },
  }
}

const partitionOf = (stream: string, partitions: number): number =>
  createHash('md5').update(stream).digest().readUInt32BE() % partitions

/** Records in the order of their events: neighbours of jobs share one. */
const messagesOf = (events: Event[]): Omit<Message, 'partition'>[] => {
  const messages: Omit<Message, 'partition'>[] = []
  let batch: string[] = []
  let bytes = 0
  const flush = () => {
    if (batch.length > 0)
      messages.push({
        value: `[${batch.join(',')}]`,
        headers: { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' },
      })
    batch = []
    bytes = 0
  }
  for (const { stream, event } of events) {
    if (!event.type.startsWith('job.')) {
      flush()
      messages.push(binary(stream, event))
      continue
    }
    const text = JSON.stringify(event)
    if (bytes + text.length > maxBytes) flush()
    batch.push(text)
    bytes += text.length
  }
  flush()
  return messages
}

const binary = (
  stream: string,
  { data, datacontenttype, ...attributes }: Event['event'],
): Omit<Message, 'partition'> => ({
  key: stream,
  value: JSON.stringify(data),
  headers: {
    'content-type': String(datacontenttype),
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, String(value)])),
  },
})
