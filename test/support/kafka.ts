import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { findBinaries } from '../../engine/runtime/embedded-kafka/binaries.ts'
import { ask } from './keeper.ts'
import { type KafkaAccess, kafkaClient } from './own-kafka.ts'

export { type KafkaAccess, kafkaClient, kafkaOptions, type OwnKafka, ownKafka } from './own-kafka.ts'

/**
 * A Kafka that all test processes of this clone share, and a namespace of the test's own: topics with it in their name
 * are deleted when the test ends. `TQ_TEST_KAFKA`, host and port, is used in its stead.
 */
export const testKafka = async (t: ExecutionContext): Promise<KafkaAccess & { namespace: string }> => {
  const brokers = given ?? (await ask('kafka', 'address'))
  const namespace = `t${randomBytes(5).toString('hex')}`
  t.teardown(() => removeTopics(brokers, namespace))
  return { brokers, namespace }
}

const removeTopics = async (brokers: string, namespace: string): Promise<void> => {
  const admin = kafkaClient({ brokers }).admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter(topic => topic.includes(namespace))
  if (topics.length > 0) await admin.deleteTopics({ topics })
  await admin.disconnect()
}

const given = process.env.TQ_TEST_KAFKA

/** Why no Kafka can be started here. */
const missing = await findBinaries(console.error).then(
  () => undefined,
  (error: Error) => error.message,
)

/** Each file is a process of its own; of those of one `npm test` the first says it. */
const isFirst = (): boolean => {
  const run = process.env.TQ_TEST_RUN
  if (!run) return true
  try {
    mkdirSync(join(run, 'kafka-is-missing'))
    return true
  } catch {
    return false
  }
}
if (missing && isFirst()) console.error(`\nSKIPPED: tests that start Kafka: ${missing}\n`)

type Run = (t: ExecutionContext) => Promise<void>

const unless = (reason: string | undefined) => {
  const declare = (as: typeof test.serial) => (title: string, run: Run) => {
    if (reason === undefined) as(title, run)
    else if (process.env.CI) as(title, t => t.fail(reason))
    else as.skip(title, run)
  }
  return Object.assign(declare(test), { serial: declare(test.serial) })
}

/** `test` for what uses `testKafka`: skipped where there is none, which in CI is a failure. */
export const kafkaTest = unless(given ? undefined : missing)
/** `test` for what uses `ownKafka`. */
export const ownKafkaTest = unless(missing)
