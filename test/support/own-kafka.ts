import { patchTimers } from '../../engine/broker/kafka/kafkajs.ts'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import type { KafkaOptions as BrokerKafka } from '../../engine/broker/index.ts'
import { startKafka } from '../../engine/runtime/embedded-kafka.ts'
import { secure } from './kafka-security.ts'
import type { Security } from './kafka-security.ts'
import { openProxy } from './proxy.ts'
import type { TcpProxy } from './proxy.ts'

type Sasl = { mechanism: 'plain' | 'scram-sha-256'; username: string; password: string }

/** What a client needs. */
export type KafkaAccess = {
  /** Host and port. */
  brokers: string
  /** The file of the certificate to trust, where it speaks TLS. */
  ca?: string
  sasl?: Sasl
}

export type OwnKafka = KafkaAccess & {
  /** Between it and clients, if `proxied`. */
  proxy: TcpProxy
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>
  /** SIGSTOP: its connections stay open, and nothing is answered. */
  suspend(): void
  resume(): void
  stop(): Promise<void>
  /** Starts it again, on its data and its port. */
  start(): Promise<void>
}

/** A Kafka of the test's own, to be stopped, killed or secured; gone when the test ends. */
export const ownKafka = async (
  t: { teardown(end: () => unknown): void },
  options: { properties?: Record<string, string>; security?: Security; proxied?: boolean } = {},
): Promise<OwnKafka> => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-kafka-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const { access, ...secured } = await secure(dir, options.security)
  const proxy = await openProxy(t, () => kafka.port)
  const settings = {
    dataDir: dir,
    ...secured,
    ...(options.proxied ? { advertisedPort: proxy.port } : {}),
    properties: { ...secured.properties, ...options.properties },
  }
  let kafka = await startKafka(settings)
  const kill = async () => {
    process.kill(kafka.pid, 'SIGKILL')
    await kafka.ended
  }
  t.teardown(() => kill().catch(() => {}))
  return {
    ...access,
    brokers: kafka.brokers,
    proxy,
    kill,
    suspend: () => void process.kill(kafka.pid, 'SIGSTOP'),
    resume: () => void process.kill(kafka.pid, 'SIGCONT'),
    stop: () => kafka.stop(),
    async start() {
      kafka = await startKafka({ ...settings, port: kafka.port })
    },
  }
}

patchTimers()

/** A client of the tests: it says nothing, and gives up soon. */
export const kafkaClient = ({ brokers, ca, sasl }: KafkaAccess): Kafka =>
  new Kafka({
    clientId: 'test',
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5 },
    ...(ca ? { ssl: { ca: readFileSync(ca, 'utf8') } } : {}),
    // A copy: kafkajs puts what it made of the password into the object, and goes by that.
    ...(sasl ? { sasl: { ...(sasl as Sasl & { mechanism: 'plain' }) } } : {}),
  })

/** What a broker of tq needs to connect to it. */
export const kafkaOptions = ({ brokers, ca, sasl }: KafkaAccess): BrokerKafka => ({
  brokers: [brokers],
  clientId: 'tq-test',
  topicPrefix: 'tq',
  sasl: sasl ?? null,
  tls: ca ? { ca: readFileSync(ca, 'utf8') } : null,
})
