import type { ExecutionContext } from 'ava'
import kafkajs, { type Admin } from 'kafkajs'
import type { TopicReport } from '../../../engine/broker/index.ts'
import type { TopicsReport } from '../../../engine/client.ts'
import { applyText, documents, testEngine, type TestEngine, until, workflow } from '../../support/engine.ts'
import {
  type KafkaAccess,
  kafkaClient,
  kafkaOptions,
  kafkaTest,
  ownKafka,
  ownKafkaTest,
  testKafka,
} from '../../support/kafka.ts'
import { startWorker } from '../../support/worker.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

const queue = (name: string, spec: string) =>
  `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: ${spec}\n`

const opened = async (t: ExecutionContext, access: KafkaAccess, topicPrefix: string) => {
  const admin = kafkaClient(access).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  const engine = await testEngine({ idle: true, kafka: { ...kafkaOptions(access), topicPrefix } })
  t.teardown(engine.stop)
  return { admin, engine }
}

/** Applies all there is to be, and says what became of the topics: by the last part of their names. */
const applied = async ({ context }: TestEngine, yaml: string, { prune = false } = {}) => {
  let report: TopicsReport | undefined
  await applyText(context, yaml, {
    ...(prune ? { remove: 'missing' as const } : {}),
    onTopics: found => void (report = found),
  })
  const topics = report as TopicReport[]
  return Object.fromEntries(topics.map(({ topic, state, detail }) => [topic.replace(/.*\./, ''), [state, detail]]))
}

const partitionsOf = async (admin: Admin, topic: string) =>
  (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length

kafkaTest(
  'apply makes topics as the manifests say, leaves those that differ alone, and deletes only with prune',
  async t => {
    const { namespace, ...access } = await testKafka(t)
    const { admin, engine } = await opened(t, access, namespace)
    const topic = (name: string) => `${namespace}.default.q.${name}`
    await admin.createTopics({
      topics: [{ topic: topic('theirs'), numPartitions: 2, replicationFactor: 1 }],
      waitForLeaders: true,
    })

    const theirs = queue('theirs', '{ topic: { partitions: 4, retention: 2h } }')
    const all = documents(
      queue('mine', '{ topic: { partitions: 3, replication: 1, retention: 5m } }'),
      queue('plain', '{}'),
      theirs,
    )
    const first = await applied(engine, all)
    t.like(first, {
      mine: ['created', '3 partitions, 1 replicas'],
      plain: ['created', '6 partitions, 1 replicas'],
      control: ['created', '1 partitions, 1 replicas'],
    })
    t.is(first.theirs![0], 'differs')
    t.regex(
      first.theirs![1]!,
      /^partitions is 2, the manifest says 4; retention\.ms is \d+, the manifest says 7200000$/,
    )
    t.is(await partitionsOf(admin, topic('mine')), 3)
    t.is(await partitionsOf(admin, topic('theirs')), 2)
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic('mine'), configNames: ['retention.ms'] }],
    })
    t.is(resources[0]!.configEntries[0]!.configValue, '300000')

    t.like(await applied(engine, all), { mine: ['ok', undefined], plain: ['ok', undefined] })
    await admin.createTopics({
      topics: [{ topic: topic('gone'), numPartitions: 1, replicationFactor: 1 }],
      waitForLeaders: true,
    })
    t.false('gone' in (await applied(engine, all)))
    t.true((await admin.listTopics()).includes(topic('gone')))
    t.deepEqual((await applied(engine, all, { prune: true })).gone, ['deleted', undefined])
    const kept = ['control', 'events', 'q.default', 'q.mine', 'q.plain', 'q.theirs'].map(
      name => `${namespace}.default.${name}`,
    )
    const left = async () => (await admin.listTopics()).filter(name => name.startsWith(`${namespace}.`)).sort()
    await until(async () => (await left()).length === kept.length) // it is listed for a while yet
    t.deepEqual(await left(), kept)
  },
)

ownKafkaTest('where topics may not be made, apply says which, how, and their queues run by polling', async t => {
  const kafka = await ownKafka(t, {
    security: 'plain',
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS', // Kafka itself
      'allow.everyone.if.no.acl.found': 'true',
    },
  })
  const { admin, engine } = await opened(t, kafka, 'tq')
  const rule = { resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:tq', host: '*' }
  const { ALLOW, DENY } = AclPermissionTypes
  const { ALL, CREATE } = AclOperationTypes
  const everyTopic = { ...rule, resourceType: AclResourceTypes.TOPIC, resourceName: '*' }
  const cluster = { ...rule, resourceType: AclResourceTypes.CLUSTER, resourceName: 'kafka-cluster' }
  await admin.createAcls({
    acl: [
      { ...everyTopic, operation: ALL, permissionType: ALLOW },
      { ...everyTopic, operation: CREATE, permissionType: DENY },
      { ...cluster, operation: CREATE, permissionType: DENY },
    ],
  })
  const found = await applied(
    engine,
    documents(
      queue('q', '{ topic: { partitions: 3 } }'),
      workflow('Chain', 'c', 'steps: [{ task: echo, queue: q, with: 1 }]'),
    ),
  )
  t.deepEqual(found.q, [
    'missing',
    'kafka-topics.sh --create --topic tq.default.q.q --partitions 3 --replication-factor 1 --config retention.ms=3600000',
  ])
  t.is(found.control![0], 'missing')

  const { username, password } = kafka.sasl!
  const worker = await startWorker(t, {
    url: engine.url,
    TQ_KAFKA_BROKERS: kafka.brokers,
    TQ_KAFKA_SASL_MECHANISM: 'plain',
    TQ_KAFKA_SASL_USERNAME: username,
    TQ_KAFKA_SASL_PASSWORD: password,
  })
  for (let i = 0; i < 2; i++) t.like(await engine.run('c'), { state: 'succeeded', output: 1 })
  const said = worker.lines.filter(({ msg }) => msg.includes('tq.default.q.q'))
  t.is(said.length, 1)
  t.regex(said[0]!.msg, /does not exist, and this cluster does not let us create it/)
})
