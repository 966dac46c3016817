import { parseArgs } from 'node:util'
import { startKafka } from '../../engine/server.ts'

/** `npm run kafka`: a Kafka for local work, its data kept in `.tq/kafka`, until it is stopped or dies. */
try {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '9092' } } })
  const kafka = await startKafka({ dataDir: '.tq/kafka', port: Number(values.port), onNotice: console.error })
  let stopped = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopped = true
      void kafka.stop()
    })
  console.error(`Kafka ${kafka.version} runs; its data and kafka.log are in .tq/kafka. Ctrl-C stops it. For tq:`)
  console.log(`export TQ_KAFKA_BROKERS=${kafka.brokers}`)
  await kafka.ended
  if (!stopped) throw new Error('Kafka has ended by itself: see .tq/kafka/kafka.log')
} catch (error) {
  console.error(`tq: ${(error as Error).message}`)
  console.error('On another port: npm run kafka -- --port 9093')
  process.exitCode = 69
}
