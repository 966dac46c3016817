import { kafkaOptions } from '../support/own-kafka.ts'
import { testEngine } from '../support/engine.ts'
import { type Fuzz, fuzzed } from '../support/fuzz.ts'

/** A worker's process as `tq worker` is one, but what the broker carries goes through a fuzz on its way in and out. */
const { env } = process
const engine = await testEngine({
  url: env.TQ_DATABASE_URL!,
  kafka: { ...kafkaOptions({ brokers: env.TQ_KAFKA_BROKERS! }), topicPrefix: env.TQ_KAFKA_TOPIC_PREFIX! },
  wrap: broker => fuzzed(broker, env.FUZZ as Fuzz, Number(env.FUZZ_SEED), Number(env.FUZZ_DELAY_MS)),
  queues: env.TQ_QUEUES!.split(','),
  concurrency: 1,
  slots: Number(env.TQ_SLOTS),
  leaseMs: Number(env.TQ_LEASE!.replace('ms', '')),
})
console.error(JSON.stringify({ level: 'info', msg: 'ready' }))
process.once('SIGTERM', () => void engine.stop().then(() => process.exit(0)))
