import { startKafka } from '../../engine/runtime/embedded-kafka.ts'

/** Starts Kafka on a temporary folder, prints where, and waits for ever. */
const { pid, dataDir } = await startKafka()
process.stdout.write(`${JSON.stringify({ pid, dataDir })}\n`)
