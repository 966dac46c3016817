import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Forbidden, type KafkaClient, type NewTopic, UnknownTopic } from './client.ts'
import type { TopicReport, TopicSettings } from '../index.ts'

/** Names of topics. `area` is what they begin with, prefix and namespace: `tq.default`. */
export const queueTopic = (area: string, queue: string): string => `${area}.q.${queue}`
export const controlTopic = (area: string): string => `${area}.control`
export const eventsTopic = (area: string): string => `${area}.events`

export const queueDefaults = { partitions: 6, retentionMs: 3_600_000 }
export const controlSettings = { partitions: 1, retentionMs: 600_000 }
export const eventsSettings = { partitions: 6, retentionMs: 3 * 86_400_000 }

/** After a look that found a topic missing, the next one. */
const againMs = 2000

export type Topics = {
  /** How many partitions a topic has; undefined where there is none, or nobody answers. Asked once, and again after `forget`. */
  partitions(topic: string): Promise<number | undefined>
  /**
   * Resolves when the topic is there. It is created where it is missing and the cluster lets us; else it is waited for.
   *
   * @throws whatever the client throws where the cluster does not answer
   */
  ready(topic: string, settings: TopicSettings, signal: AbortSignal): Promise<void>
  /** It is not what it was: look again. */
  forget(topic: string): void
  close(): Promise<void>
}

/** What is known of topics, over one connection that is opened when it is needed. */
export const openTopics = (client: KafkaClient, log: (message: string) => void): Topics => {
  const known = new Map<string, { partitions: Promise<number | undefined>; until: number }>()
  const told = new Set<string>()
  let admin: Promise<Admin> | null = null

  const withAdmin = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    const current = (admin ??= client.admin())
    try {
      return await work(await current)
    } catch (error) {
      if (admin === current && !(error instanceof Forbidden)) {
        admin = null
        void current.then(broken => broken.close()).catch(() => {})
      }
      throw error
    }
  }
  const look = (topic: string) => {
    const partitions = withAdmin(async open => (await open.partitions([topic])).get(topic)).catch(() => undefined)
    const entry = { partitions, until: Infinity }
    known.set(topic, entry)
    void partitions.then(count => {
      if (count === undefined) entry.until = performance.now() + againMs
    })
    return partitions
  }
  const partitions = (topic: string) => {
    const entry = known.get(topic)
    return entry && entry.until > performance.now() ? entry.partitions : look(topic)
  }

  return {
    partitions,
    async ready(topic, settings, signal) {
      while (!signal.aborted && (await partitions(topic)) === undefined) {
        try {
          await withAdmin(async open => open.create([await complete(open, topic, settings)]))
          known.delete(topic)
          continue
        } catch (error) {
          if (!(error instanceof Forbidden)) throw error
          if (!told.has(topic)) {
            told.add(topic)
            log(
              `topic ${topic} does not exist, and this cluster does not let us create it; its queue runs by polling until it does`,
            )
          }
        }
        await sleep(againMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {})
      }
    },
    forget(topic) {
      known.delete(topic)
    },
    async close() {
      await admin?.then(open => open.close()).catch(() => {})
    },
  }
}

/** Topics of a queue, of control and of events, as apply wants them. */
export const wantedTopics = (area: string, queues: { name: string; topic: TopicSettings }[]) => [
  ...queues.map(({ name, topic }) => ({ topic: queueTopic(area, name), settings: topic })),
  { topic: controlTopic(area), settings: controlSettings },
  { topic: eventsTopic(area), settings: eventsSettings },
]

const complete = async (
  admin: Admin,
  topic: string,
  { partitions, replication, retentionMs }: TopicSettings,
): Promise<NewTopic> => ({
  topic,
  partitions: partitions ?? queueDefaults.partitions,
  replication: replication ?? Math.min(3, await admin.brokers()),
  retentionMs: retentionMs ?? queueDefaults.retentionMs,
})

/**
 * Creates what is missing and says what differs; what exists is never changed. Queue topics that no queue stands behind are
 * deleted with `prune`, and otherwise left alone.
 */
export const ensureTopics = async (...of: Parameters<typeof tryEnsureTopics>): Promise<TopicReport[]> => {
  for (let tries = 1; ; tries++)
    try {
      return await tryEnsureTopics(...of)
    } catch (error) {
      // A topic that a worker is making at this moment: listed already, and not yet to be had.
      if (!(error instanceof UnknownTopic) || tries === 10) throw error
      await sleep(200)
    }
}

const tryEnsureTopics = async (
  client: KafkaClient,
  area: string,
  queues: { name: string; topic: TopicSettings }[],
  { prune, create = true }: { prune: boolean; create?: boolean },
): Promise<TopicReport[]> => {
  const admin = await client.admin()
  try {
    const wanted = wantedTopics(area, queues)
    const there = await admin.partitions(wanted.map(({ topic }) => topic))
    const described = await admin.describe([...there.keys()])
    const reports: TopicReport[] = []
    for (const { topic, settings } of wanted) {
      const full = await complete(admin, topic, settings)
      if (there.has(topic)) {
        const problem = difference(settings, { partitions: there.get(topic)!, ...described.get(topic)! })
        reports.push(problem ? { topic, state: 'differs', detail: problem } : { topic, state: 'ok' })
        continue
      }
      const how = `kafka-topics.sh --create --topic ${topic} --partitions ${full.partitions} --replication-factor ${full.replication} --config retention.ms=${full.retentionMs}`
      if (!create) {
        reports.push({ topic, state: 'missing', detail: how })
        continue
      }
      try {
        await admin.create([full])
        reports.push({ topic, state: 'created', detail: `${full.partitions} partitions, ${full.replication} replicas` })
      } catch (error) {
        if (error instanceof UnknownTopic) throw error
        if (!(error instanceof Forbidden)) {
          reports.push({ topic, state: 'failed', detail: (error as Error).message })
          continue
        }
        reports.push({ topic, state: 'missing', detail: how })
      }
    }
    if (prune) {
      const prefix = queueTopic(area, '')
      const spare = (await admin.list()).filter(
        topic => topic.startsWith(prefix) && !wanted.some(one => one.topic === topic),
      )
      await admin.delete(spare)
      for (const topic of spare) reports.push({ topic, state: 'deleted' })
    }
    return reports
  } finally {
    await admin.close().catch(() => {})
  }
}

const difference = (
  wanted: TopicSettings,
  found: { partitions: number; replication: number; retentionMs: number | null },
): string | null => {
  const differences = (['partitions', 'replication', 'retentionMs'] as const).flatMap(key =>
    wanted[key] !== undefined && found[key] !== null && found[key] !== wanted[key]
      ? [`${key === 'retentionMs' ? 'retention.ms' : key} is ${found[key]}, the manifest says ${wanted[key]}`]
      : [],
  )
  return differences.length > 0 ? differences.join('; ') : null
}
