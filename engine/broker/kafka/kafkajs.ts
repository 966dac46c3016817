import { createRequire } from 'node:module'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs, {
  type Admin as KafkajsAdmin,
  type ISocketFactory,
  type Kafka,
  type KafkaConfig,
  type Producer as KafkajsProducer,
} from 'kafkajs'
import {
  type Admin,
  type ConsumeOptions,
  Forbidden,
  type KafkaClient,
  type KafkaOptions,
  type Producer,
} from './client.ts'
import { UnknownTopic } from './client.ts'

/** A long poll at most, ms. New records end it at once, so it costs no latency; it bounds how long a stop takes. */
const maxWaitMs = 1000
const sessionTimeoutMs = 10_000
/** Without a sign of life from a consumer for so long it is given up: kafkajs may die silently. */
export const silenceMs = 3 * maxWaitMs + sessionTimeoutMs

/** kafkajs behind the port. Its traps, and why each setting is as it is: docs/decisions/0007-kafkajs.md. */
export const openKafkajs = (options: KafkaOptions): KafkaClient => {
  patchTimers()
  const sockets = openSockets()
  const kafka = new kafkajs.Kafka({
    clientId: options.clientId,
    brokers: options.brokers,
    connectionTimeout: 3000,
    authenticationTimeout: 5000,
    // By kafkajs a timer of 100 ms a connection, of which there are seven; ours are below, and consumers are watched.
    enforceRequestTimeout: false,
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1000 },
    socketFactory: sockets.factory,
    logLevel: kafkajs.logLevel.NOTHING, // what matters is thrown; it logs rebalances and heartbeats as errors
    ...(options.tls ? { ssl: sslOf(options.tls) } : {}),
    // A copy: it writes into it.
    ...(options.sasl ? { sasl: { ...options.sasl } as NonNullable<KafkaConfig['sasl']> } : {}),
  })
  return {
    producer: () => openProducer(kafka),
    admin: () => openAdmin(kafka),
    consume: consumer => consume(kafka, consumer),
    destroy: sockets.destroy,
  }
}

/**
 * Its own sockets, but known: disconnecting waits for answers, and a cluster that is only stopped would keep a process from
 * ending for 20 seconds.
 */
const openSockets = () => {
  const open = new Set<Socket>()
  let destroyed = false
  const factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect)
    socket.setKeepAlive(true, 60_000)
    open.add(socket)
    socket.on('error', () => {}).once('close', () => open.delete(socket))
    if (destroyed) end(socket)
    return socket
  }
  return {
    factory,
    destroy() {
      destroyed = true
      open.forEach(end)
    },
  }
}

/** With an error: of a bare close kafkajs takes no notice. */
const end = (socket: Socket) => void socket.destroy(new Error('this client was closed'))

const sslOf = ({ ca, cert, key }: NonNullable<KafkaOptions['tls']>) => ({
  ...(ca ? { ca: [ca] } : {}),
  ...(cert ? { cert } : {}),
  ...(key ? { key } : {}),
})

const openProducer = async (kafka: Kafka): Promise<Producer> => {
  const producer: KafkajsProducer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    metadataMaxAge: 30_000,
  })
  await inTime(producer.connect())
  return {
    send: async (topic, messages, { all }) => {
      await inTime(producer.send({ topic, messages, acks: all ? -1 : 1, timeout: 5000 })).catch(fail)
    },
    close: () => producer.disconnect(),
  }
}

const consume = async (kafka: Kafka, { group, topic, onRecords, onHearing, onFailed }: ConsumeOptions) => {
  const consumer = kafka.consumer({
    groupId: group,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: maxWaitMs,
    minBytes: 1,
    maxBytesPerPartition: 262_144,
    heartbeatInterval: 1000,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: 10_000,
    metadataMaxAge: 30_000,
    // Ours to restart: by itself it does so for ever where a topic is gone.
    retry: { retries: 2, initialRetryTime: 100, restartOnFailure: async () => false },
  })
  let ended = false
  let seen = performance.now()
  const joined = Promise.withResolvers<void>()
  joined.promise.catch(() => {})
  const crash = (error: Error) => {
    if (ended) return
    ended = true
    clearInterval(watch)
    void consumer.disconnect().catch(() => {})
    joined.reject(error)
    onFailed(error)
  }
  const alive = () => {
    seen = performance.now()
  }
  const watch = setInterval(() => {
    if (performance.now() - seen > silenceMs)
      crash(new Error(`nothing was heard from the consumer for ${silenceMs} ms`))
  }, 1000)
  watch.unref()
  consumer.on('consumer.crash', ({ payload }) => crash(named(payload.error)))
  // Where it crashed, the reason follows when it has disconnected.
  consumer.on('consumer.stop', () => setTimeout(crash, 500, new Error('the consumer stopped')).unref())
  for (const event of ['consumer.fetch', 'consumer.heartbeat', 'consumer.group_join'] as const)
    consumer.on(event, alive)
  consumer.on('consumer.group_join', ({ payload }) => {
    joined.resolve()
    if (!ended && !payload.memberAssignment[topic]?.length) onHearing()
  })
  // Between joining and this answer, one from each leader, it does not know where to read from: what is said then is lost.
  consumer.on('consumer.network.request', ({ payload }) => {
    if (!ended && payload.apiName === 'ListOffsets') onHearing()
  })
  const start = async () => {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: false })
    await consumer.run({
      autoCommit: false, // a commit after every batch costs 6-10 ms, and positions mean nothing here
      partitionsConsumedConcurrently: 16,
      eachBatch: async ({ batch }) => {
        alive()
        onRecords(batch.messages.map(message => message.value))
      },
    })
    await joined.promise
  }
  try {
    await Promise.race([start(), joined.promise]) // where an answer never comes, the watch gives it up
  } catch (error) {
    ended = true
    clearInterval(watch)
    void consumer.disconnect().catch(() => {})
    throw named(error)
  }
  return {
    async stop() {
      ended = true
      clearInterval(watch)
      await consumer.disconnect().catch(() => {})
    },
  }
}

const openAdmin = async (kafka: Kafka): Promise<Admin> => {
  const admin: KafkajsAdmin = kafka.admin()
  await inTime(admin.connect())
  const existing = async (topics: string[]) => {
    const all = new Set(await admin.listTopics())
    return topics.filter(topic => all.has(topic))
  }
  const metadata = async (topics: string[]) => {
    const there = await existing(topics)
    return there.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics: there }).catch(fail)).topics
  }
  const all: Admin = {
    async partitions(topics) {
      return new Map((await metadata(topics)).map(({ name, partitions }) => [name, partitions.length]))
    },
    async brokers() {
      return (await admin.describeCluster()).brokers.length
    },
    async create(topics) {
      for (const { topic, partitions, replication, retentionMs } of topics)
        await admin
          .createTopics({
            waitForLeaders: true,
            timeout: 10_000,
            topics: [
              {
                topic,
                numPartitions: partitions,
                replicationFactor: replication,
                configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
              },
            ],
          })
          .catch(fail)
    },
    async describe(topics) {
      const there = await metadata(topics)
      if (there.length === 0) return new Map()
      const { resources } = await admin
        .describeConfigs({
          includeSynonyms: false,
          resources: there.map(({ name }) => ({
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name,
            configNames: ['retention.ms'],
          })),
        })
        .catch(fail)
      return new Map(
        there.map(({ name, partitions }) => {
          const entry = resources.find(resource => resource.resourceName === name)?.configEntries[0]
          return [
            name,
            {
              replication: partitions[0]?.replicas.length ?? 0,
              retentionMs: entry ? Number(entry.configValue) : null,
            },
          ]
        }),
      )
    },
    list: () => admin.listTopics(),
    async delete(topics) {
      const there = await existing(topics)
      if (there.length > 0) await admin.deleteTopics({ topics: there, timeout: 10_000 }).catch(fail)
    },
    async deleteGroup(group) {
      await admin.deleteGroups([group])
    },
    close: () => admin.disconnect(),
  }
  return timed(all)
}

/** The same, where each call ends in time. */
const timed = (admin: Admin): Admin =>
  Object.fromEntries(
    Object.entries(admin).map(([name, call]) => [
      name,
      (...args: never[]) => inTime((call as (...args: never[]) => Promise<unknown>)(...args), 2 * requestMs),
    ]),
  ) as Admin

/** So long may a request take, ms: a connection may be open at one end only. */
const requestMs = 10_000

const inTime = async <T>(work: Promise<T>, limitMs = requestMs): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`Kafka gave no answer in ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

const fail = (error: unknown): never => {
  throw named(error)
}

/** kafkajs's error under the name that the port gives it; what it is caused by counts. */
const named = (error: unknown): Error => {
  const all = causes(error as Failure)
  const types = all.map(one => one.type)
  if (types.includes('UNKNOWN_TOPIC_OR_PARTITION')) return new UnknownTopic((error as Error).message)
  if (types.some(type => type?.endsWith('AUTHORIZATION_FAILED') || type === 'POLICY_VIOLATION'))
    return new Forbidden((error as Error).message)
  return (error as Failure).errors?.[0] ?? (error as Error)
}

type Failure = Error & { type?: string; cause?: Failure; originalError?: Failure; errors?: Failure[] }
const causes = (error: Failure | undefined): Failure[] =>
  error ? [error, ...causes(error.cause ?? error.originalError), ...(error.errors ?? []).flatMap(causes)] : []

/**
 * kafkajs 2.2.4 re-arms a timer of a negative delay for ever: 3 % of an idle core, and a warning on Node 24 (its issues 1704 and
 * 1751). Armed only while something is pending, it does the same work.
 */
export const patchTimers = () => {
  if (patched) return
  patched = true
  const require = createRequire(import.meta.url)
  if (require('kafkajs/package.json').version !== '2.2.4') return
  const RequestQueue = require('kafkajs/src/network/requestQueue') as { prototype: Queue }
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: Queue) {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      Math.max(this.throttledUntil - Date.now(), 10),
    )
  }
}
let patched = false

type Queue = {
  pending: unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}
