import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startKafka } from '../../engine/runtime/embedded-kafka.ts'
import { keep, sharedDir } from './keeper.ts'

/** Keeps the Kafka of the tests: says where it is. */
const kafka = await startKafka({ dataDir: join(sharedDir, 'kafka') })

keep('kafka', {
  answer: async () => kafka.brokers,
  async stop() {
    await kafka.stop()
    rmSync(kafka.dataDir, { recursive: true, force: true })
  },
})
