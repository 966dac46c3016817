import type { ExecutionContext } from 'ava'
import type { CloudEvent } from '../../engine/client.ts'
import { newJournal, testEngine, until, workflow } from '../support/engine.ts'
import { eventsOf, withoutReleased } from '../support/events.ts'
import { kafkaClient, kafkaOptions, kafkaTest, testKafka } from '../support/kafka.ts'
import { startWorker } from '../support/worker.ts'

/** A Kafka whose topics begin with a prefix of the test's own, which are removed when it ends. */
const ownTopics = async (t: ExecutionContext) => {
  const access = await testKafka(t)
  return { access, prefix: access.namespace, options: { ...kafkaOptions(access), topicPrefix: access.namespace } }
}

const sample = (dir: string) =>
  workflow(
    'Chain',
    'sample',
    `
  inputs: { no: { type: boolean, default: false } }
  steps:
    - { id: first, task: noop }
    - id: both
      group:
        - { id: each, forEach: { in: [3, 1, 2, 5, 4], concurrency: 2 }, chain: [{ task: noop }, { task: echo }] }
        - { id: again, task: flaky, with: { times: 2, dir: "${dir}" }, retry: { max: 3, delay: 5ms } }
        - { id: saved, task: fail, with: { name: Bad }, onError: [{ recover: true, do: [{ task: noop }] }] }
        - { id: skip, when: "{{ inputs.no }}", task: noop }
    - { id: bad, task: fail, with: {} }
    - { id: never, task: noop }
  finally: [{ id: end, task: noop }]
`,
  )

kafkaTest('the same workflow tells the same events on both brokers', async t => {
  const { options } = await ownTopics(t)
  const multisets = []
  for (const kafka of [undefined, options]) {
    const engine = await testEngine({ kafka })
    t.teardown(engine.stop)
    await engine.applyYaml(sample(newJournal().dir))
    const { id, state } = await engine.run('sample')
    t.is(state, 'failed')
    const events = withoutReleased(await eventsOf(engine, id))
    multisets.push(events.map(({ type, data }) => `${type} ${data.step ?? ''} ${data.attempt ?? ''}`).sort())
  }
  t.true(multisets[0]!.length > 60)
  t.deepEqual(multisets[0], multisets[1])
})

kafkaTest('what a worker committed before it was killed arrives on the topic, once or more, in order', async t => {
  const { access, prefix, options } = await ownTopics(t)
  const engine = await testEngine({ idle: true, kafka: options })
  t.teardown(engine.stop)
  await engine.applyYaml(workflow('Chain', 'short', 'steps: [{ id: a, task: noop }, { id: b, task: noop }]'))
  const variables = { url: engine.url, TQ_KAFKA_BROKERS: access.brokers, TQ_KAFKA_TOPIC_PREFIX: prefix }
  const runs: string[] = []
  for (let i = 0; i < 4; i++) {
    const worker = await startWorker(t, variables)
    const id = await engine.start('short')
    runs.push(id)
    await engine.ended(id)
    worker.signal('SIGKILL')
    await worker.ended
  }
  await startWorker(t, variables)

  const heard = new Map<string, string[]>()
  const consumer = kafkaClient(access).consumer({ groupId: `${prefix}-test` })
  await consumer.connect()
  t.teardown(() => consumer.disconnect())
  await consumer.subscribe({ topic: `${prefix}.default.events`, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      const header = (name: string) => message.headers?.[name]?.toString()
      const value = JSON.parse(message.value!.toString()) as CloudEvent[] | CloudEvent['data']
      const events = Array.isArray(value)
        ? value.map(event => ({ type: `${event.type} ${event.data.step}`, run: event.data.run }))
        : [{ type: header('ce_type')!, run: value.run }]
      t.is(
        header('content-type')!.split(';')[0],
        Array.isArray(value) ? 'application/cloudevents-batch+json' : 'application/json',
      )
      for (const { type, run } of events) if (run) heard.set(String(run), [...(heard.get(String(run)) ?? []), type])
    },
  })
  await until(() => runs.every(run => heard.get(run)?.includes('run.succeeded')))
  for (const run of runs) {
    const once = [...new Set(heard.get(run))]
    t.deepEqual(once, [
      'run.started',
      'job.started ',
      ...['a', 'b'].flatMap(step => ['queued', 'claimed', 'started', 'succeeded'].map(what => `job.${what} ${step}`)),
      'job.succeeded ',
      'run.succeeded',
    ])
  }
})
