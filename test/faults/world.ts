import { setTimeout as sleep } from 'node:timers/promises'
import { documents, type TestEngine, testEngine, workflow } from '../support/engine.ts'
import { seeded } from '../support/fuzz.ts'
import { kafkaOptions, type OwnKafka, ownKafka } from '../support/own-kafka.ts'
import { type OwnPostgres, ownPostgres } from '../support/own-postgres.ts'
import { startProcess, startWorker, type WorkerProcess } from '../support/worker.ts'

/** What is opened for a test is ended with it: ava's `t`, or a stack of our own. */
export type Scope = { teardown(end: () => unknown): void }

/** Real servers, which faults kill, stop and cut off; scenarios that follow each other share them. */
export type Servers = { postgres: OwnPostgres; kafka: OwnKafka }

/** Where one scenario happens: a fresh database with its manifests, topics of its own, and worker processes. */
export type World = Servers & {
  scope: Scope
  /** Applies, starts and looks, over the same servers; it runs nothing. */
  engine: TestEngine
  url: string
  /** In [0, 1), by the seed. */
  random(): number
  /** `tq worker`, when it is ready. */
  worker(env?: Variables): Promise<WorkerProcess>
  /** A worker whose hints a fuzzed broker carries. */
  fuzzedWorker(env: Variables): Promise<WorkerProcess>
  /** The topic of a queue. */
  topic(queue: string): string
}
type Variables = { [variable: string]: string }

/** Ends twice as late as a machine that does too much may be late with a renewal. */
export const leaseMs = 4000

export const openServers = async (scope: Scope): Promise<Servers> => {
  const [postgres, kafka] = await Promise.all([ownPostgres(scope), ownKafka(scope, { proxied: true })])
  return { postgres, kafka }
}

/** @param name what its topics are called after */
export const openWorld = async (
  scope: Scope,
  servers: Servers,
  { name, seed }: { name: string; seed: number },
): Promise<World> => {
  const url = await servers.postgres.database()
  const prefix = `${name}-${seed}`
  const engine = await testEngine({ url, idle: true, kafka: { ...kafkaOptions(servers.kafka), topicPrefix: prefix } })
  scope.teardown(engine.stop)
  await engine.applyYaml(manifests)
  const common = {
    url,
    TQ_KAFKA_BROKERS: servers.kafka.brokers,
    TQ_KAFKA_TOPIC_PREFIX: prefix,
    TQ_LEASE: `${leaseMs}ms`,
    TQ_SLOTS: '4',
  }
  await reapersAct(engine)
  return {
    ...servers,
    scope,
    engine,
    url,
    random: seeded(seed),
    worker: env => startWorker(scope, { ...common, ...env }),
    fuzzedWorker: env => startProcess(scope, [fuzzedWorker], { ...common, ...env }),
    topic: queue => `${prefix}.default.q.${queue}`,
  }
}

const fuzzedWorker = new URL('./fuzzed-worker.ts', import.meta.url).pathname

/** After a start of Postgres reapers wait one lease: a scenario's deaths are to be seen at once. */
const reapersAct = async ({ sql }: TestEngine): Promise<void> => {
  const [row] = await sql<{ ms: number }>`
  select greatest(0, ${leaseMs} - extract(epoch from now() - pg_postmaster_start_time()) * 1000)::float8 as ms`
  await sleep(row!.ms)
}

const steps = 8

/**
 * `hops` goes from queue to queue: between workers that serve one of them each, no step starts without a hint or a look.
 * `many` is a chord over a list of numbers. Both return what they were given.
 */
const manifests = documents(
  ...['left', 'right'].map(
    name => `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: { topic: { partitions: 3 } }\n`,
  ),
  workflow(
    'Chain',
    'hops',
    `
    inputs: { n: { type: integer } }
    steps: [${Array.from({ length: steps }, (_, i) => `{ task: echo, queue: ${i % 2 ? 'right' : 'left'} }`).join(', ')}]
    output: "{{ inputs.n }}"
    `,
  ),
  workflow(
    'Chord',
    'many',
    `
    inputs: { list: { type: array }, ms: { type: integer } }
    header: [{ forEach: { in: "{{ inputs.list }}", as: n }, task: late, with: { ms: "{{ inputs.ms }}", value: "{{ n }}" } }]
    body: { task: echo }
    `,
  ),
  workflow(
    'Chain',
    'held',
    `
    inputs: { journal: { type: string }, gate: { type: string }, name: { type: string } }
    steps:
      - { task: journal, queue: left, with: { journal: "{{ inputs.journal }}", gate: "{{ inputs.gate }}", name: "{{ inputs.name }}" } }
      - { task: echo, queue: right, with: "{{ inputs.name }}" }
    `,
  ),
)
