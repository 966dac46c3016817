import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { testEngine, until, workflow } from '../../support/engine.ts'
import { type KafkaAccess, kafkaClient, kafkaOptions, ownKafka, ownKafkaTest } from '../../support/kafka.ts'
import type { Security } from '../../support/kafka-security.ts'
import { startWorker, type WorkerProcess } from '../../support/worker.ts'

/** The configuration of a worker, as a cluster's users write it. */
const variablesOf = ({ brokers, ca, sasl }: KafkaAccess) => ({
  TQ_KAFKA_BROKERS: brokers,
  ...(ca ? { TQ_KAFKA_SSL_CA_FILE: ca } : {}),
  ...(sasl
    ? {
        TQ_KAFKA_SASL_MECHANISM: sasl.mechanism,
        TQ_KAFKA_SASL_USERNAME: sasl.username,
        TQ_KAFKA_SASL_PASSWORD: sasl.password,
      }
    : {}),
})

/** What a worker says of Kafka. */
const said = ({ lines }: WorkerProcess): string[] => lines.map(line => line.msg).filter(msg => msg.includes('Kafka'))

const steps = `steps: [{ task: echo, with: 7 }, { task: echo }]`
const prepared = async (t: ExecutionContext) => {
  const engine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  await engine.applyYaml(workflow('Chain', 'secured', steps))
  return engine
}

for (const security of ['plain', 'scram', 'tls', 'tls-scram'] satisfies Security[])
  ownKafkaTest.serial(`${security}: a worker runs a workflow over a broker that asks for it`, async t => {
    const [kafka, engine] = await Promise.all([ownKafka(t, { security }), prepared(t)])
    const worker = await startWorker(t, { url: engine.url, ...variablesOf(kafka) })
    const over = await testEngine({ url: engine.url, idle: true, kafka: kafkaOptions(kafka) })
    t.teardown(over.stop)
    const admin = kafkaClient(kafka).admin()
    await admin.connect()
    t.teardown(() => admin.disconnect())
    await until(async () => (await admin.describeGroups(['tq.default.q.default'])).groups[0]?.members.length === 1)
    await until(async () => {
      const { dropped } = over.broker.health() // while the topic was not there
      t.like(await over.run('secured'), { state: 'succeeded', output: 7 })
      return over.broker.health().dropped === dropped
    })
    worker.signal('SIGTERM')
    t.is(await worker.ended, 0)
  })

ownKafkaTest.serial(
  'a wrong password: the worker runs workflows by polling, says why once, and never says the password',
  async t => {
    const [kafka, engine] = await Promise.all([ownKafka(t, { security: 'plain' }), prepared(t)])
    const dir = mkdtempSync(join(tmpdir(), 'tq-secret-'))
    t.teardown(() => rmSync(dir, { recursive: true }))
    const secret = 'wrong-horse'
    writeFileSync(join(dir, 'password'), `${secret}\n`)
    const { TQ_KAFKA_SASL_PASSWORD: _, ...variables } = variablesOf(kafka)
    const worker = await startWorker(t, {
      url: engine.url,
      ...variables,
      TQ_KAFKA_SASL_PASSWORD_FILE: join(dir, 'password'),
      TQ_DEBUG: '1',
    })
    for (let i = 0; i < 3; i++) t.is((await engine.run('secured')).state, 'succeeded')
    await until(() => said(worker).length > 0)
    await sleep(3000) // it tries again meanwhile
    t.is(said(worker).length, 1)
    t.regex(said(worker)[0]!, /authentication failed/i)
    worker.signal('SIGTERM')
    t.is(await worker.ended, 0)
    const output = JSON.stringify(worker.lines)
    t.false(output.includes(secret))
    t.false(output.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')))
  },
)
