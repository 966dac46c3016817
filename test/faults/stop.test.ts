import { performance } from 'node:perf_hooks'
import { testEngine } from '../support/engine.ts'
import { ownKafka, ownKafkaTest } from '../support/kafka.ts'
import { startWorker } from '../support/worker.ts'

ownKafkaTest.serial('SIGTERM while Kafka is stopped: the worker ends soon, with exit code 0', async t => {
  const kafka = await ownKafka(t)
  const engine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  const env = { url: engine.url, TQ_KAFKA_BROKERS: kafka.brokers }
  const joined = await startWorker(t, env)
  kafka.suspend()
  t.teardown(kafka.resume)
  const never = await startWorker(t, env)
  for (const worker of [never, joined]) {
    const asked = performance.now()
    worker.signal('SIGTERM')
    t.is(await worker.ended, 0)
    const ms = performance.now() - asked
    t.log(`it ended after ${Math.round(ms)} ms`)
    t.true(ms < 5000, `${ms} ms`)
  }
})
